import { readFile } from 'node:fs/promises';
import { asProblem, hasErrno } from '#platform/blobs/local/disk-problem.ts';
import type { RunLine } from '../../record/run-line.ts';
import { sha256Hex } from '../../record/seal-run.ts';
import { assertSame } from '../../record/stored-run.ts';
import type { KeptRun } from '../run-store.ts';
import type { ServiceFolder } from './service-folder.ts';

/** The bytes of a record, unjudged. */
export async function readPayload(at: ServiceFolder, runId: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return await readFile(`${at.path}/${runId}/payload.json`);
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw asProblem(error);
  }
}

/** Throws evidence_corrupt when the bytes are not those of the line. */
export async function judged(line: RunLine, payload: Uint8Array<ArrayBuffer>): Promise<KeptRun> {
  assertSame(line, { sha256: await sha256Hex(payload), bytes: payload.length });
  return { line, payload };
}

export async function readJudged(at: ServiceFolder, line: RunLine): Promise<KeptRun | undefined> {
  const payload = await readPayload(at, line.run_id);
  return payload === undefined ? undefined : await judged(line, payload);
}
