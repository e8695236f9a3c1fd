import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { openLocalBlobStore } from '#platform/blobs/local/local-blob-store.ts';
import { describeWinners } from '#platform/blobs/s3/judge-probe.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import { type Config, dataPaths } from './config.ts';
import { type Diagnosis, fine } from './diagnosis.ts';

/** Where the bytes are kept, and where they wait before. */
export async function* diagnoseBlobs(config: Config): AsyncGenerator<Diagnosis> {
  const { dataDir } = dataPaths(config);
  if (config.blobs.backend === 's3') yield* bucket(config);
  else if (existsSync(dataDir)) yield await disk(config, dataDir);
  if (existsSync(join(dataDir, 'staging'))) yield leftovers(dataDir, config.chunks.stagingCleanupAgeMs);
}

async function* bucket(config: Config): AsyncGenerator<Diagnosis> {
  const { S3Connection, thoroughProbe } = await import('#platform/blobs/s3/index.ts');
  try {
    const connection = await S3Connection.open(config.blobs);
    try {
      yield fine('s3 bucket', 'there, and lets this server in');
      const { writers } = thoroughProbe;
      const report = await connection.probe(thoroughProbe);
      const sound = report.stands && report.winners.every((count) => count === 1);
      const races = `${report.winners.length} races of ${writers} writers, winners in each: ${describeWinners(report.winners)}`;
      yield sound
        ? fine('s3 writes', `an object is created once: ${races}`)
        : {
            check: 's3 writes',
            state: 'bad',
            found: `an object can be replaced: ${races}`,
            remedy:
              'This store cannot keep evidence, and the server does not start on it. See docs/operations/s3-stores.md.',
          };
      yield report.consistent
        ? fine('s3 reads', 'what is written is read and listed at once, what is removed is gone at once')
        : {
            check: 's3 reads',
            state: 'bad',
            found: 'what was written or removed is not seen at once',
            remedy: 'The server does not start on it. Talk to one node of the store, without a cache in between.',
          };
      yield integrity(report);
      if (await connection.keepsVersions())
        yield {
          check: 's3 versions',
          state: 'note',
          found: 'the bucket keeps versions, so what is deleted stays behind as one',
          remedy: 'Let a lifecycle rule of the bucket remove noncurrent versions, or deletion is none.',
        };
      await connection.removeForgottenProbes();
    } finally {
      connection.close();
    }
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    yield { check: 's3', state: 'bad', found: error.message, remedy: error.remedy };
  }
}

function integrity(report: { refusesWrongBytes: boolean; refusesWrongChecksum: boolean }): Diagnosis {
  const { refusesWrongBytes, refusesWrongChecksum } = report;
  const found = `bytes unlike their signed hash: ${refused(refusesWrongBytes)}; bytes unlike their checksum: ${refused(refusesWrongChecksum)}`;
  if (refusesWrongBytes || refusesWrongChecksum) return fine('s3 integrity', found);
  return {
    check: 's3 integrity',
    state: 'note',
    found,
    remedy:
      'Damage on the way to the store would be found only by reading. Use https, and `proofline doctor --blobs --hash`.',
  };
}

function refused(yes: boolean): string {
  return yes ? 'refused' : 'accepted';
}

async function disk(config: Config, dataDir: string): Promise<Diagnosis> {
  const notes: string[] = [];
  const log = { warn: (_: object, message: string) => void notes.push(message), error: () => undefined };
  try {
    const { stagingQuotaBytes, maxUploadBytes, stagingCleanupAgeMs } = config.chunks;
    const store = await openLocalBlobStore({
      dataDir,
      stagingQuotaBytes,
      maxBodyBytes: maxUploadBytes,
      stagingMaxAgeMs: stagingCleanupAgeMs,
      log,
    });
    await store.close();
    return fine('disk', ['writes, hard links and flushes work', ...notes].join('; '));
  } catch (error) {
    return {
      check: 'disk',
      state: 'bad',
      found: error instanceof Error ? error.message : 'cannot be used',
      remedy: 'Use a local filesystem with hard links and fsync, such as ext4 or xfs.',
    };
  }
}

function leftovers(dataDir: string, ageMs: number): Diagnosis {
  const staging = join(dataDir, 'staging');
  const old = readdirSync(staging).filter((name) => {
    const stats = statSync(join(staging, name), { throwIfNoEntry: false });
    return stats !== undefined && Date.now() - stats.mtimeMs > ageMs;
  });
  return old.length === 0
    ? fine('staging', 'nothing left behind')
    : {
        check: 'staging',
        state: 'note',
        found: `${old.length} files left behind by an earlier process`,
        remedy: 'The running server sweeps them by itself.',
      };
}
