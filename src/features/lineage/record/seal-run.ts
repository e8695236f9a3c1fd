import { toHex } from '#kit/bytes.ts';
import type { Timestamp } from '#kit/time.ts';
import { impactOf } from './impact.ts';
import type { ServiceKey } from './names.ts';
import type { RunLine } from './run-line.ts';
import type { RunRequest } from './run-request.ts';
import { withoutBlanks } from './scan-json.ts';

/** A run as it is kept. The same request received at the same time makes the same bytes on every platform. */
export interface SealedRun {
  readonly key: ServiceKey;
  readonly line: RunLine;
  /** The record: the request and `received_at`, UTF-8. */
  readonly payload: Uint8Array<ArrayBuffer>;
  /** Of what the client said, whatever the blanks between its tokens and whenever it came. Lower-case hexadecimal. */
  readonly contentSha256: string;
}

export type NamedRun = RunRequest & { readonly run_id: string };

const encoder = new TextEncoder();
const values = ['artifact', 'diff', 'summary', 'metadata'] as const;

/** A run as it is kept, for a store that hashes what it keeps anyway. */
export interface ShapedRun extends Pick<SealedRun, 'key' | 'payload'> {
  readonly line: Omit<RunLine, 'sha256'>;
}

export function shapeRun(run: NamedRun, receivedAt: Timestamp): ShapedRun {
  const payload = encoder.encode(recordText(run, receivedAt, (raw) => raw));
  const { commit_sha, organization, project, run_id, service } = run;
  return {
    key: { organization, project, service },
    line: {
      run_id,
      received_at: receivedAt,
      bytes: payload.length,
      impact: impactOf(run),
      ...(commit_sha === undefined ? {} : { commit_sha }),
    },
    payload,
  };
}

export async function sealRun(run: NamedRun, receivedAt: Timestamp): Promise<SealedRun> {
  const { key, line, payload } = shapeRun(run, receivedAt);
  const [sha256, contentSha256] = await Promise.all([sha256Hex(payload), contentSha256Of(run)]);
  return { key, line: { ...line, sha256 }, payload, contentSha256 };
}

export async function contentSha256Of(run: NamedRun): Promise<string> {
  return await sha256Hex(encoder.encode(recordText(run, undefined, withoutBlanks)));
}

function recordText(run: NamedRun, receivedAt: Timestamp | undefined, shape: (raw: string) => string): string {
  const { commit_sha, generated_at, organization, project, run_id, service } = run;
  // Absent ones are left out by JSON.stringify; the order of the others is this one, always.
  const names = JSON.stringify({
    organization,
    project,
    service,
    run_id,
    commit_sha,
    generated_at,
    received_at: receivedAt,
  });
  const raws = values.flatMap((name) => {
    const raw = run[name];
    return raw === undefined ? [] : [`,"${name}":${shape(raw)}`];
  });
  return `${names.slice(0, -1)}${raws.join('')}}`;
}

export async function sha256Hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}
