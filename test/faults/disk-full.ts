import { readdirSync } from 'node:fs';
import { type Api, api, openIncident, openStream, signIn } from '../support/api.ts';
import type { Finding } from '../support/finding.ts';
import { brokenChunk, rowsWithoutBlob, type SentChunk, sendChunk } from '../support/ledger.ts';
import { createAccount, scratchFolder, startServer } from '../support/server.ts';
import { type MountSpace, openMountSpace } from '../support/volume.ts';

/** What runs out: the bytes or the inodes of the data folder, or the bytes under the database: while rows are written, or while
 * they move from its WAL into its file. */
export type Shortage = 'bytes' | 'inodes' | 'database' | 'checkpoint';

interface Place {
  dataDir: string;
  dbDir: string;
  relieve(): Promise<void>;
}

/** Small file systems in memory: they fill up for real, and a remount gives them room again. */
async function place(space: MountSpace, shortage: Shortage): Promise<Place> {
  const ofDatabase = { database: 'size=1500k', checkpoint: 'size=6500k', bytes: '', inodes: '' }[shortage];
  const ofData = { bytes: 'size=12m', inodes: 'nr_inodes=90', database: '', checkpoint: '' }[shortage];
  const dataDir = await space.tmpfs('data', ofData === '' ? 'size=200m' : ofData);
  const dbDir = await space.tmpfs('database', ofDatabase === '' ? 'size=100m' : ofDatabase);
  const tight = ofDatabase === '' ? dataDir : dbDir;
  const options = shortage === 'inodes' ? 'nr_inodes=9000' : 'size=64m';
  return {
    dataDir,
    dbDir,
    relieve: () => space.run('mount', '-o', `remount,${options}`, tight),
  };
}

export async function fillUp(shortage: Shortage): Promise<Finding> {
  const violations: string[] = [];
  const template = scratchFolder('full');
  await createAccount(template.path, 'ada', 'admin');
  const space = await openMountSpace();
  let acknowledged = 0;
  try {
    const { dataDir, dbDir, relieve } = await place(space, shortage);
    await space.run('cp', `${template.path}/proofline.db`, `${dbDir}/proofline.db`);
    const server = await startServer({
      dataDir,
      env: { SAFE_DB_PATH: `${dbDir}/proofline.db` },
      wrapper: space.wrapper,
    });
    const ada = await signIn(server.url, 'ada');
    const seen = space.seen(dataDir);
    const before = await (shortage === 'checkpoint' ? records(ada) : uploads(ada, shortage, 'before'));
    violations.push(...judgeRefusals(before.refusals));
    if (before.refusals.length === 0) violations.push('nothing ever ran out: the test is blind');
    for (const chunk of before.accepted.slice(-5)) violations.push(...(await readable(ada, seen, chunk)));
    const staged = readdirSync(`${seen}/staging`);
    if (staged.length > 0) violations.push(`staging keeps ${staged.length} files of refused uploads`);

    await relieve();
    const healed = await untilAccepted(ada);
    if (!healed) violations.push('room came back, and uploads are still refused');
    for (const chunk of before.accepted) violations.push(...(await brokenChunk(ada, seen, chunk)));
    for (const id of new Set(before.accepted.map((chunk) => chunk.incidentId)))
      violations.push(...(await rowsWithoutBlob(ada, seen, id)));
    const again = await uploads(ada, 'none', 'again');
    violations.push(...again.refusals.map((refusal) => `after room came back: ${refusal}`));
    acknowledged = before.accepted.length + again.accepted.length;
    const code = await server.stop();
    if (code !== 0) violations.push(`the server ended with ${code}`);

    const next = await startServer({ dataDir, env: { SAFE_DB_PATH: `${dbDir}/proofline.db` }, wrapper: space.wrapper });
    const later = api(next.url, ada.token);
    for (const chunk of [...before.accepted, ...again.accepted])
      violations.push(...(await brokenChunk(later, seen, chunk)));
    await next.stop();
  } finally {
    await space.close();
    template.remove();
  }
  const what = {
    bytes: 'the disk is full',
    inodes: 'the inodes are used up',
    database: 'the disk of the database is full',
    checkpoint: 'the disk of the database is full at a checkpoint',
  };
  return {
    fault: what[shortage],
    held: '507 or 503, no short file, reads go on, works again when there is room',
    filesystem: 'tmpfs',
    rounds: 1,
    acknowledged,
    violations,
    seed: 0,
  };
}

interface Filled {
  accepted: SentChunk[];
  refusals: string[];
}

/** Uploads until a run of refusals; the sizes make the last one that fits leave little. */
async function uploads(ada: Api, shortage: Shortage | 'none', name: string): Promise<Filled> {
  const accepted: SentChunk[] = [];
  const refusals: string[] = [];
  const size = shortage === 'inodes' || shortage === 'none' ? 5_000 : shortage === 'database' ? 100 : 300_000;
  const limit = shortage === 'none' ? 20 : 5_000;
  const incidentId = await openIncident(ada);
  const streamId = await openStream(ada, incidentId);
  let index = 0;
  while (index < limit && refusals.length < 8) {
    const batch = Array.from({ length: 4 }, (): SentChunk => {
      index += 1;
      return { incidentId, streamId, index, size, key: `${name}-${index}` };
    });
    await Promise.all(batch.map((chunk) => sendChunk(ada, chunk)));
    for (const chunk of batch) {
      if (chunk.accepted !== undefined) accepted.push(chunk);
      else refusals.push(chunk.refused ?? 'no answer');
    }
  }
  return { accepted, refusals };
}

/** Rows enough for the WAL to be moved, with pauses in which that happens. */
async function records(ada: Api): Promise<Filled> {
  const refusals: string[] = [];
  for (let i = 1; i <= 3000 && refusals.length < 8; i++) {
    const answer = await ada.call('POST', '/v1/incidents', { notes: 'n'.repeat(3900) });
    if (answer.status !== 201) refusals.push(`${answer.status} ${answer.body?.error?.code}`);
    if (i % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 120));
  }
  // One pause more: the attempt on the full disk must not end the writer.
  await new Promise((resolve) => setTimeout(resolve, 200));
  return { accepted: [], refusals };
}

function judgeRefusals(refusals: readonly string[]): string[] {
  return refusals.filter((refusal) => !/^(507|503) /.test(refusal)).map((refusal) => `a full disk answered ${refusal}`);
}

async function readable(ada: Api, dataDir: string, chunk: SentChunk): Promise<string[]> {
  return await brokenChunk(ada, dataDir, chunk).then((broken) => broken.map((each) => `while full: ${each}`));
}

async function untilAccepted(ada: Api): Promise<boolean> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const made = await ada.call('POST', '/v1/incidents', {});
    if (made.status === 201) {
      const incidentId: string = made.body.incident_id;
      const streamId = await openStream(ada, incidentId);
      const chunk: SentChunk = { incidentId, streamId, index: 1, size: 300_000, key: `healed-${attempt}` };
      await sendChunk(ada, chunk);
      if (chunk.accepted !== undefined) return true;
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  return false;
}
