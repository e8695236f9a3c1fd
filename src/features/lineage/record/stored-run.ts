import { Problem } from '#kit/errors.ts';
import type { RunLine } from './run-line.ts';
import { scanJsonObject } from './scan-json.ts';
import { type NamedRun, type SealedRun, sealRun } from './seal-run.ts';

/** A record read back: what it says of itself, its JSON values as the text they came as. */
export interface StoredRun extends NamedRun {
  readonly received_at: string;
}

const texts = ['organization', 'project', 'service', 'run_id', 'commit_sha', 'generated_at', 'received_at'];

/** Throws evidence_corrupt for bytes that are no record. */
export function readStoredRun(payload: Uint8Array): StoredRun {
  try {
    const entries = [...scanJsonObject(payload).members].map(([name, raw]) => [
      name,
      texts.includes(name) ? (JSON.parse(raw) as unknown) : raw,
    ]);
    const run = Object.fromEntries(entries) as StoredRun; // what is needed of it is looked at below
    if (typeof run.run_id === 'string' && typeof run.received_at === 'string' && typeof run.artifact === 'string')
      return run;
  } catch (error) {
    throw new Problem('evidence_corrupt', { cause: error });
  }
  throw new Problem('evidence_corrupt');
}

/** The run as it was sealed. Throws evidence_corrupt when sealing the same request again does not make these very bytes. */
export async function resealStoredRun(payload: Uint8Array): Promise<SealedRun> {
  const { received_at, ...run } = readStoredRun(payload);
  const sealed = await sealRun(run, received_at);
  if (!equal(sealed.payload, payload)) throw new Problem('evidence_corrupt');
  return sealed;
}

/** Throws evidence_corrupt when the bytes are not those that the manifest knows. */
export function assertSame(line: Pick<RunLine, 'sha256' | 'bytes'>, found: { sha256: string; bytes: number }): void {
  if (line.sha256 !== found.sha256 || line.bytes !== found.bytes) throw new Problem('evidence_corrupt');
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
