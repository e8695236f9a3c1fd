import { StartupError } from '#platform/process/startup-error.ts';
import type { ProbeReport } from './probe-store.ts';

/** Throws StartupError when the store cannot keep evidence: what it once accepted might be replaced. */
export function requireImmutable({ consistent, stands, winners }: ProbeReport): void {
  if (!stands || winners.some((count) => count !== 1)) {
    throw new StartupError(
      `The S3 store does not keep its word about conditional writes: of several that raced to create one object, ${describeWinners(winners)} were told that they did${stands ? '' : ', or what stood there was replaced'}.`,
      'Evidence could be overwritten there, so this server does not use it. Seen to be right: Ceph RADOS Gateway in a bucket without versions, MinIO, versitygw from 1.8; AWS S3 documents it. Known to be wrong: RADOS Gateway in a bucket with versions, Garage (both ignore the condition), older SeaweedFS, RustFS and versitygw (race). `proofline doctor` shows the details, docs/operations/s3-stores.md the list. Otherwise use SAFE_BLOB_BACKEND=local.',
    );
  }
  if (!consistent) {
    throw new StartupError(
      'The S3 store does not show at once what was written or removed.',
      'Use one that is consistent, or talk to one node of it: a cache or a replica in between does this.',
    );
  }
}

export function describeWinners(winners: readonly number[]): string {
  return [...new Set(winners)].sort((a, b) => a - b).join(', ');
}
