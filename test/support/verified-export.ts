import assert from 'node:assert/strict';
import { cli } from './server.ts';

export interface Verified {
  code: number | null;
  report: {
    ok: boolean;
    root: string;
    services: { service: string; run_count: number; runs_verified: number; ok: boolean }[];
    failures: { code: string; entry?: string; message: string }[];
  };
}

/** What `proofline verify` says of an export, as a process of its own. */
export async function verified(path: string, ...more: string[]): Promise<Verified> {
  const { code, stderr, stdout } = await cli(['verify', path, '--json', ...more]);
  assert.equal(stderr, '');
  return { code, report: JSON.parse(stdout) };
}

/** Each code once. */
export function codesOf({ report }: Verified): string[] {
  return [...new Set(report.failures.map(({ code }) => code))].sort();
}
