import { join } from 'node:path';
import {
  compactPastDays,
  HybridRunStore,
  type Lag,
  ObjectRunStore,
  openFolderRunStore,
  type RunStore,
} from '#features/lineage/index.ts';
import { timestamp } from '#kit/time.ts';
import type { S3Access } from '#platform/blobs/s3/s3-client.ts';
import { FolderObjectStore } from '#platform/objects/folder/folder-object-store.ts';
import type { ObjectStore } from '#platform/objects/object-store.ts';
import type { Log } from '#platform/process/log.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import { type Config, lineageDir } from '../config.ts';
import { catalogCopier } from './copy-catalog.ts';
import { deferredObjects } from './deferred-objects.ts';

export interface LineageStore {
  runs: RunStore;
  /** Policies, flows and deployments. */
  catalog: ObjectStore;
  /** What is not in the bucket yet, where a folder is copied to one. */
  lag?: () => Lag;
  /** What is to be done again and again while it is open. */
  chores: readonly Chore[];
  close(): Promise<void>;
}

export interface Chore {
  name: string;
  everyMs: number;
  work: () => Promise<void>;
}

/** A day is over for so long at most before its manifest is one object. Milliseconds. */
const compactEveryMs = 3_600_000;
const copyEveryMs = 30_000;

/** Where runs are kept, as the configuration says. Throws StartupError; nothing stays open then. */
export async function openLineageStore(config: Config, log: Log): Promise<LineageStore> {
  const { driver } = config.lineage;
  if (driver === 's3' || driver === 'r2') return await openBucketAlone(config, log);
  const dataDir = lineageDir(config);
  const catalog = await FolderObjectStore.open(join(dataDir, '.catalog'));
  if (driver === 'fs') {
    const runs = await openFolderRunStore({ dataDir, log });
    return { runs, catalog, chores: [], close: () => runs.close() };
  }
  const { prefix } = config.lineage;
  const bucket = deferredObjects(() => openBucket(config, log), log);
  try {
    const runs = await HybridRunStore.open({ dataDir, log, to: new ObjectRunStore(bucket, prefix) });
    return {
      runs,
      catalog,
      lag: () => runs.lag(),
      chores: [
        compaction(bucket, prefix, log),
        { name: 'copies of the catalogue', everyMs: copyEveryMs, work: catalogCopier(catalog, bucket, log) },
      ],
      close: () => runs.close(),
    };
  } catch (error) {
    await bucket.close();
    throw error;
  }
}

async function openBucketAlone(config: Config, log: Log): Promise<LineageStore> {
  const { prefix } = config.lineage;
  const bucket = await openBucket(config, log);
  const runs = new ObjectRunStore(bucket, prefix);
  return { runs, catalog: bucket, chores: [compaction(bucket, prefix, log)], close: () => runs.close() };
}

async function openBucket({ lineage }: Config, log: Log): Promise<ObjectStore> {
  if (lineage.bucket === '')
    throw new StartupError(
      `STRICTURE_SERVER_STORAGE_DRIVER is ${lineage.driver}, but STRICTURE_SERVER_OBJECT_BUCKET is not set.`,
      'Name the bucket in STRICTURE_SERVER_OBJECT_BUCKET. It must exist already.',
    );
  // Loaded only where it is used: the SDK costs a start more than everything else together.
  const { openS3ObjectStore } = await import('#platform/objects/s3/open-s3-object-store.ts');
  return await openS3ObjectStore({
    access: await accessOf(lineage),
    bucket: lineage.bucket,
    prefix: lineage.prefix,
    settings: 'STRICTURE_SERVER_OBJECT_',
    log,
  });
}

async function accessOf(lineage: Config['lineage']): Promise<S3Access> {
  const { accessKeyId, driver, endpoint, forcePathStyle, r2AccountId, region, secretAccessKey, sessionToken } = lineage;
  if ((accessKeyId === '') !== (secretAccessKey === ''))
    throw new StartupError(
      'Of STRICTURE_SERVER_OBJECT_ACCESS_KEY_ID and STRICTURE_SERVER_OBJECT_SECRET_ACCESS_KEY only one is set.',
      "Set both, or neither to use the keys that AWS's SDK finds by itself.",
    );
  if (endpoint === '' && r2AccountId !== '') {
    const { r2Access } = await import('#platform/objects/s3/r2-access.ts');
    return r2Access({ accountId: r2AccountId, accessKeyId, secretAccessKey });
  }
  if (driver === 'r2' && endpoint === '')
    throw new StartupError(
      'STRICTURE_SERVER_STORAGE_DRIVER is r2, but nothing says whose.',
      'Set STRICTURE_SERVER_R2_ACCOUNT_ID, and the key and secret of an R2 API token.',
    );
  return {
    endpoint: endpoint === '' ? undefined : endpoint,
    region: driver === 'r2' ? 'auto' : region,
    forcePathStyle: forcePathStyle === 'auto' ? endpoint !== '' : forcePathStyle === 'true',
    keys:
      accessKeyId === ''
        ? undefined
        : { accessKeyId, secretAccessKey, ...(sessionToken === '' ? {} : { sessionToken }) },
  };
}

function compaction(objects: ObjectStore, prefix: string, log: Log): Chore {
  const work = async () => {
    const gathered = await compactPastDays(objects, prefix, { today: timestamp(Date.now()).slice(0, 10) });
    if (gathered.entries > 0) log.info({ ...gathered }, 'manifests of past days gathered');
  };
  return { name: 'compaction', everyMs: compactEveryMs, work };
}
