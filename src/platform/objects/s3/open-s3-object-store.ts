import { explainFailure } from '#platform/blobs/s3/explain-failure.ts';
import { requireImmutable } from '#platform/blobs/s3/judge-probe.ts';
import { probeFolder } from '#platform/blobs/s3/list-objects.ts';
import { type ProbeSize, probeStore, quickProbe, removeForgottenProbes } from '#platform/blobs/s3/probe-store.ts';
import { createS3Clients, type S3Access } from '#platform/blobs/s3/s3-client.ts';
import { s3Failure } from '#platform/blobs/s3/s3-failure.ts';
import { S3Objects } from '#platform/blobs/s3/s3-objects.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import { probeReplace } from './probe-replace.ts';
import { S3ObjectStore } from './s3-object-store.ts';

export interface OpenS3ObjectStoreOptions {
  access: S3Access;
  bucket: string;
  /** The probes lie under it; without a slash at its ends, empty for none. */
  prefix: string;
  probe?: ProbeSize;
  /** What the names of its settings begin with, for who has to mend one. */
  settings?: string;
  log?: { warn(fields: object, message: string): void };
  commitTimeMs?: number;
}

/** Finds out first what the store really does. Throws StartupError when it is not one for immutable records, or does not answer. */
export async function openS3ObjectStore(options: OpenS3ObjectStoreOptions): Promise<S3ObjectStore> {
  const { access, bucket, commitTimeMs, log, prefix, probe = quickProbe, settings } = options;
  const objects = new S3Objects(createS3Clients(access), bucket);
  const folder = prefix === '' ? probeFolder : `${prefix}/${probeFolder}`;
  try {
    await removeForgottenProbes(objects, folder);
    requireImmutable(await probeStore(objects, folder, probe));
    const tagForm = await probeReplace(objects, folder);
    if (tagForm === undefined)
      log?.warn({}, 'the S3 store does not heed If-Match when it writes: the newest run is found by listing alone');
    return new S3ObjectStore({ objects, tagForm, ...(commitTimeMs === undefined ? {} : { commitTimeMs }) });
  } catch (error) {
    objects.close();
    throw error instanceof StartupError ? error : explainFailure(s3Failure(error), settings);
  }
}
