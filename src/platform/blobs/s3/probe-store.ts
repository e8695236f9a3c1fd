import { createHash, randomBytes } from 'node:crypto';
import { Deadline } from './deadline.ts';
import { hashObject } from './read-object.ts';
import { s3Failure } from './s3-failure.ts';
import type { S3Objects } from './s3-objects.ts';

export interface ProbeSize {
  /** How many race for one key. */
  writers: number;
  keys: number;
}

/** At each start, where it must be quick, and for `proofline doctor`, which takes its time. */
export const quickProbe: ProbeSize = { writers: 32, keys: 3 };
export const thoroughProbe: ProbeSize = { writers: 64, keys: 4 };

export interface ProbeReport {
  /** Of every race, how many were told that they created the object. A store that keeps evidence has one each. */
  winners: number[];
  /** The object of a race was afterwards the winner's, and a later write neither succeeded nor changed it. */
  stands: boolean;
  /** What was written could be read and listed at once, and was gone at once when it was removed. */
  consistent: boolean;
  /** Bytes that do not have the hash they were signed with were refused. */
  refusesWrongBytes: boolean;
  /** A checksum that the bytes do not have was refused. */
  refusesWrongChecksum: boolean;
}

const probeMs = 25_000;
const forgottenMs = 3_600_000;

/** Finds out what the store really does, with objects under `folder` that are removed again. Rejects with an S3Failure. */
export async function probeStore(objects: S3Objects, folder: string, size: ProbeSize): Promise<ProbeReport> {
  const deadline = new Deadline(probeMs);
  const run = `${folder}/${randomBytes(8).toString('hex')}`;
  const written = new Set<string>();
  const key = (name: string): string => {
    written.add(`${run}/${name}`);
    return `${run}/${name}`;
  };
  try {
    // Connections first, so that the writers set off together.
    await Promise.all(Array.from({ length: size.writers }, () => deadline.persist((s) => objects.facts(key('0'), s))));
    const report: ProbeReport = {
      winners: [],
      stands: true,
      consistent: true,
      refusesWrongBytes: await refuses(objects, key('bytes'), deadline, 'signed'),
      refusesWrongChecksum: await refuses(objects, key('checksum'), deadline, 'checksum'),
    };
    for (let i = 1; i <= size.keys; i++) {
      const race = await raceFor(objects, key(String(i)), size.writers, deadline);
      report.winners.push(race.winners);
      report.stands &&= race.stands;
    }
    const listed = await deadline.persist((signal) => objects.list({ prefix: `${run}/`, limit: 1000 }, signal));
    const found = listed.objects.map((object) => object.key);
    report.consistent = Array.from({ length: size.keys }, (_, i) => `${run}/${i + 1}`).every((one) =>
      found.includes(one),
    );
    await deadline.persist((signal) => objects.remove(key('1'), signal));
    if ((await deadline.persist((signal) => objects.facts(key('1'), signal))) !== undefined) report.consistent = false;
    await removeAll(objects, [...written]);
    return report;
  } catch (error) {
    await removeAll(objects, [...written]).catch(() => undefined);
    throw s3Failure(error);
  }
}

/** What probes that were cut short have left. */
export async function removeForgottenProbes(objects: S3Objects, folder: string): Promise<void> {
  const page = await new Deadline(probeMs).persist((signal) =>
    objects.list({ prefix: `${folder}/`, limit: 1000 }, signal),
  );
  const old = page.objects.filter(({ modifiedAtMs }) => modifiedAtMs < Date.now() - forgottenMs);
  await removeAll(
    objects,
    old.map(({ key }) => key),
  );
}

interface Race {
  winners: number;
  stands: boolean;
}

async function raceFor(objects: S3Objects, key: string, writers: number, deadline: Deadline): Promise<Race> {
  const bodies = Array.from({ length: writers }, () => randomBytes(1024));
  const outcomes = await Promise.all(bodies.map((bytes) => create(objects, key, bytes, deadline)));
  const standing = await deadline.persist((signal) => hashObject(objects, key, signal));
  const owner = bodies.findIndex((bytes) => sha256(bytes) === standing?.sha256Hex);
  // Whose answer was lost has won when its bytes stand there.
  const won = outcomes.map((outcome, i) => outcome === 'created' || (outcome === 'unknown' && i === owner));
  const late = await create(objects, key, randomBytes(1024), deadline);
  const after = await deadline.persist((signal) => hashObject(objects, key, signal));
  return {
    winners: won.filter(Boolean).length,
    stands: won[owner] === true && late !== 'created' && after?.sha256Hex === standing?.sha256Hex,
  };
}

type Outcome = 'created' | 'taken' | 'unknown';

async function create(objects: S3Objects, key: string, bytes: Buffer, deadline: Deadline): Promise<Outcome> {
  const put = { body: { bytes }, sha256Hex: sha256(bytes), nonce: 'probe' };
  const failure = await deadline.request((signal) => objects.put(key, put, signal)).then(() => undefined, s3Failure);
  if (failure === undefined) return 'created';
  if (failure.status === 412 || failure.status === 409) return 'taken';
  if (failure.passes) return 'unknown';
  throw failure;
}

async function refuses(
  objects: S3Objects,
  key: string,
  deadline: Deadline,
  what: 'signed' | 'checksum',
): Promise<boolean> {
  const bytes = randomBytes(64);
  const [right, wrong] = [sha256(bytes), sha256(randomBytes(64))];
  const put = {
    body: { bytes },
    nonce: 'probe',
    ...(what === 'signed' ? { sha256Hex: wrong, checksumHex: right } : { sha256Hex: right, checksumHex: wrong }),
  };
  const failure = await deadline.request((signal) => objects.put(key, put, signal)).then(() => undefined, s3Failure);
  if (failure?.status === 403 && failure.code === 'AccessDenied') throw failure;
  return failure !== undefined && (await deadline.persist((signal) => objects.facts(key, signal))) === undefined;
}

async function removeAll(objects: S3Objects, keys: readonly string[]): Promise<void> {
  const deadline = new Deadline(probeMs);
  const removed = await Promise.allSettled(
    keys.map((key) => deadline.persist((signal) => objects.remove(key, signal))),
  );
  const failed = removed.find((one) => one.status === 'rejected');
  // Nobody may remove anything there: deletion of incidents would fail the same way, later and unseen.
  if (failed !== undefined) throw s3Failure(failed.reason);
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
