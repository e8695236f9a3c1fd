import type { Impact } from './run-line.ts';

/**
 * What a run says about whom its changes touch: `impact` of its summary, else of its diff. Without a diff, or with an empty one, it
 * has no changes; a diff of which nobody says more touches who knows whom.
 */
export function impactOf({ diff, summary }: { diff?: string; summary?: string }): Impact {
  if (diff === undefined) return 'none';
  const changes: unknown = JSON.parse(diff);
  if (isEmpty(changes)) return 'none';
  return statedBy(summary === undefined ? undefined : JSON.parse(summary)) ?? statedBy(changes) ?? 'unknown';
}

function isEmpty(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === '' || value === false || value === null;
}

function statedBy(value: unknown): Impact | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, 'impact')) return undefined;
  const { impact } = value as { impact: unknown };
  return impact === 'self_only' || impact === 'downstream' || impact === 'unknown' ? impact : undefined;
}
