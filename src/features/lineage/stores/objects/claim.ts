import { Problem } from '#kit/errors.ts';
import { parseLine, type RunLine } from '../../record/run-line.ts';
import type { SealedRun } from '../../record/seal-run.ts';

/** Who has a run id. */
export interface Claim {
  line: RunLine;
  contentSha256: string;
}

export function formatClaim({ contentSha256, line }: SealedRun): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${JSON.stringify({ ...line, content_sha256: contentSha256 })}\n`);
}

/** Throws evidence_corrupt for anything else. */
export function parseClaim(bytes: Uint8Array): Claim {
  const text = new TextDecoder().decode(bytes);
  const line = parseLine(text);
  if (line === undefined) throw new Problem('evidence_corrupt');
  const { content_sha256: contentSha256, ...rest } = JSON.parse(text) as RunLine & { content_sha256?: unknown };
  if (typeof contentSha256 !== 'string') throw new Problem('evidence_corrupt');
  return { line: rest, contentSha256 };
}
