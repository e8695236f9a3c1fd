import { existsSync, statfsSync, statSync } from 'node:fs';
import { administratorExists } from '#features/accounts/index.ts';
import { showChainEnd } from '#features/audit/index.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { createLog } from '#platform/process/log.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import { openCoordinator } from './backends/open-coordinator.ts';
import { auditReport } from './check-audit.ts';
import { type Config, dataPaths } from './config.ts';
import { lockDataDir } from './data-dir.ts';
import { diagnoseBlobs } from './diagnose-blobs.ts';
import { diagnoseDatabase } from './diagnose-database.ts';
import { diagnoseJobs, diagnoseQueue } from './diagnose-jobs.ts';
import { diagnoseRelays } from './diagnose-relay.ts';
import { type Diagnosis, fine } from './diagnosis.ts';
import { readFillingMark } from './transfer/being-filled.ts';

const minFreeBytes = 1024 ** 3;

/** Everything that can be looked at on this machine without changing what is stored. Each line stands for itself. */
export async function* diagnose(config: Config): AsyncGenerator<Diagnosis> {
  const { dataDir } = dataPaths(config);
  yield fine('runtime', `Node ${process.versions.node}, SQLite ${process.versions.sqlite}`);
  yield await coordination(config);
  yield await diagnoseQueue(config);
  yield* diagnoseRelays(config);
  if (!existsSync(dataDir)) {
    yield {
      check: 'data folder',
      state: 'note',
      found: 'SAFE_DATA_DIR does not exist yet',
      remedy: 'The first start makes it. If there should be data, check that its disk is mounted.',
    };
    if (config.metadata.backend !== 'sqlite') yield* diagnoseDatabase(config);
    yield* diagnoseBlobs(config);
    return;
  }
  yield permissions(dataDir);
  yield* space(dataDir);
  yield serverState(config);
  yield* diagnoseDatabase(config);
  yield* diagnoseBlobs(config);
}

/** What needs the rows: asked apart, as opening the database may have failed. */
export async function* diagnoseRows(metadata: Metadata): AsyncGenerator<Diagnosis> {
  if ((await readFillingMark(metadata.read)) !== undefined)
    yield {
      check: 'filling',
      state: 'bad',
      found: 'a restore or a move into this store has not ended; no server starts on it',
      remedy: 'Run the same command again: it goes on where it stopped.',
    };
  yield await auditChain(metadata);
  yield (await administratorExists(metadata.read))
    ? fine('administrator', 'there is one')
    : {
        check: 'administrator',
        state: 'note',
        found: 'none yet: nobody can sign in',
        remedy: 'proofline accounts create --username NAME --role admin',
      };
  const newest = await metadata.read
    .selectFrom('chunks')
    .select('created_at')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  const now = new Date().toISOString();
  yield newest !== undefined && newest.created_at > now
    ? {
        check: 'clock',
        state: 'bad',
        found: `the newest chunk was accepted at ${newest.created_at}, after the present time of this machine`,
        remedy: 'Set the clock (timedatectl). Sessions and links end by it.',
      }
    : fine('clock', `${now}, not before anything stored`);
  yield* diagnoseJobs(metadata);
}

async function auditChain(metadata: Metadata): Promise<Diagnosis> {
  const { ok, end, entries, older, findings } = await auditReport(metadata);
  const before = older === 0 ? '' : `, ${older} older than the chain`;
  return ok
    ? fine(
        'audit',
        `${entries} entries, none changed${before}${end === undefined ? '' : `; ends with ${showChainEnd(end)}`}`,
      )
    : {
        check: 'audit',
        state: 'bad',
        found: `the log is not as it was written: ${findings.length} ${findings.length === 1 ? 'finding' : 'findings'}`,
        remedy: 'proofline verify --audit lists them. Keep a copy of the database, and compare with the last backup.',
      };
}

async function coordination(config: Config): Promise<Diagnosis> {
  if (config.coordination.backend === 'none') return fine('coordination', 'none: this node is alone');
  const since = performance.now();
  try {
    const coordinator = await openCoordinator(config, createLog('error'));
    await coordinator.close();
    return fine(
      'coordination',
      `Valkey answers; counters and leases work (${Math.ceil(performance.now() - since)} ms)`,
    );
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    return { check: 'coordination', state: 'bad', found: error.message, remedy: error.remedy };
  }
}

function permissions(dataDir: string): Diagnosis {
  const open = statSync(dataDir).mode & 0o077;
  return open === 0
    ? fine('permissions', 'only this user may read the data folder')
    : {
        check: 'permissions',
        state: 'bad',
        found: 'other users of this machine may read the data folder',
        remedy: `chmod 700 on SAFE_DATA_DIR`,
      };
}

function* space(dataDir: string): Generator<Diagnosis> {
  const { bavail, bsize, ffree, files } = statfsSync(dataDir);
  const free = bavail * bsize;
  const gib = (free / 1024 ** 3).toFixed(1);
  yield free >= minFreeBytes
    ? fine('free space', `${gib} GiB`)
    : {
        check: 'free space',
        state: 'bad',
        found: `${gib} GiB`,
        remedy: 'Make room or move to a larger disk: uploads are refused when it is full.',
      };
  if (files > 0)
    yield ffree / files > 0.02
      ? fine('free inodes', `${ffree} of ${files}`)
      : {
          check: 'free inodes',
          state: 'bad',
          found: `${ffree} of ${files}`,
          remedy: 'Each chunk is a file: use a filesystem with more inodes, or xfs.',
        };
}

function serverState(config: Config): Diagnosis {
  try {
    lockDataDir(dataPaths(config)).release();
    return fine('server', 'none runs on this data folder');
  } catch {
    return fine('server', 'one runs on this data folder');
  }
}
