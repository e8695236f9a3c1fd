import { readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Api, api, openIncident, openStream, signIn } from '../support/api.ts';
import { type Finding, type Progress, silently } from '../support/finding.ts';
import { blobFile, chunkBytes, type SentChunk, sendChunk } from '../support/ledger.ts';
import { type Random, seeded } from '../support/random.ts';
import { createAccount, scratchFolder, startServer } from '../support/server.ts';

export interface FlipOptions {
  rounds: number;
  seed: number;
  progress?: Progress;
}

type Damage = 'bit' | 'truncated' | 'swapped' | 'longer';

/** Damages blobs under a running server. A download must not end well, and the damage must be in the log. */
export async function damageBlobs({ rounds, seed, progress = silently }: FlipOptions): Promise<Finding> {
  const random = seeded(seed);
  const folder = scratchFolder('flip');
  await createAccount(folder.path, 'ada', 'admin');
  const server = await startServer({ dataDir: folder.path });
  const violations: string[] = [];
  try {
    const ada = await signIn(server.url, 'ada');
    const incidentId = await openIncident(ada);
    const streamId = await openStream(ada, incidentId);
    const chunks = [1, 4_097, 70_000, 70_000, 300_000, 1_500_000].map(
      (size, i): SentChunk => ({ incidentId, streamId, index: i + 1, size, key: `${seed}-${i}` }),
    );
    for (const chunk of chunks) await sendChunk(ada, chunk);
    const stream = `/v1/incidents/${incidentId}/streams/${streamId}`;
    await ada.call('POST', `${stream}/complete`, { expected_chunk_count: chunks.length });
    if (!(await endsWell(ada, `${stream}/download`))) violations.push('undamaged, and the download breaks');
    for (let round = 1; round <= rounds; round++) {
      const chunk = chunks[random.between(0, chunks.length - 1)] ?? chunks[0];
      if (chunk === undefined) break;
      const damage = random.pick<Damage>(['bit', 'bit', 'bit', 'truncated', 'swapped', 'longer']);
      const other = chunks[3];
      const mend = harm(
        folder.path,
        damage === 'swapped' && chunks[2] ? chunks[2] : chunk,
        other ?? chunk,
        damage,
        random,
      );
      const path = random.pick([`${stream}/download`, `/v1/incidents/${incidentId}/download`]);
      const before = server.log().length;
      if (await endsWell(ada, path)) violations.push(`${damage} in chunk ${chunk.index}: the download ended well`);
      if (!(await isTold(() => server.log().slice(before))))
        violations.push(`${damage} in chunk ${chunk.index}: nobody was told`);
      mend();
      if (round % 100 === 0) progress(`${round}/${rounds} damaged blobs`);
    }
    if (!(await endsWell(ada, `${stream}/download`))) violations.push('mended, and the download still breaks');
  } finally {
    await server.kill();
    folder.remove();
  }
  return {
    fault: 'a flipped bit in a blob, a truncated, longer or swapped blob',
    held: 'no download ends well, and the log says so',
    filesystem: 'as the machine has it',
    rounds,
    acknowledged: rounds,
    violations,
    seed,
  };
}

function harm(dataDir: string, chunk: SentChunk, other: SentChunk, damage: Damage, random: Random): () => void {
  const file = blobFile(dataDir, chunk);
  const whole = chunkBytes(chunk);
  if (damage === 'swapped') {
    const second = blobFile(dataDir, other);
    swap(file, second);
    return () => swap(file, second);
  }
  if (damage === 'truncated') truncateSync(file, random.between(0, chunk.size - 1));
  else {
    const bytes = damage === 'longer' ? Buffer.concat([whole, Buffer.from('x')]) : Buffer.from(whole);
    const at = random.between(0, chunk.size - 1);
    if (damage === 'bit') bytes[at] = (bytes[at] ?? 0) ^ (1 << random.between(0, 7));
    writeFileSync(file, bytes);
  }
  return () => writeFileSync(file, whole);
}

function swap(a: string, b: string): void {
  renameSync(a, `${a}.aside`);
  renameSync(b, a);
  renameSync(`${a}.aside`, b);
}

/** The log comes through a pipe, a moment after the answer. */
async function isTold(log: () => string): Promise<boolean> {
  for (let attempt = 0; attempt < 40; attempt++) {
    if (/evidence_corrupt|incident_bundle_inconsistent|"status":409/.test(log())) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

/** A 200 of which all of Content-Length arrived. */
async function endsWell(ada: Api, path: string): Promise<boolean> {
  try {
    const response = await fetch(`${ada.url}${path}`, { headers: { authorization: `Bearer ${ada.token}` } });
    const bytes = (await response.arrayBuffer()).byteLength;
    return response.status === 200 && bytes === Number(response.headers.get('content-length'));
  } catch {
    return false;
  }
}

/**
 * Flips one bit anywhere in the database file of a stopped server. Whatever comes of it, a chunk that is served has the bytes that were
 * accepted. SQLite keeps no checksum of a page, so a flip in a label or a time can pass; those are counted, not hidden.
 */
export async function damageDatabase({ rounds, seed, progress = silently }: FlipOptions): Promise<Finding> {
  const random = seeded(seed);
  const folder = scratchFolder('flip-db');
  await createAccount(folder.path, 'ada', 'admin');
  const first = await startServer({ dataDir: folder.path });
  const ada = await signIn(first.url, 'ada');
  const incidentId = await openIncident(ada);
  const streamId = await openStream(ada, incidentId);
  const chunks = [500, 70_000].map(
    (size, i): SentChunk => ({ incidentId, streamId, index: i + 1, size, key: `db-${i}` }),
  );
  for (const chunk of chunks) await sendChunk(ada, chunk);
  const stream = `/v1/incidents/${incidentId}/streams/${streamId}`;
  await ada.call('POST', `${stream}/complete`, { expected_chunk_count: 2 });
  const truth = await view(ada, stream);
  await first.stop();
  const file = join(folder.path, 'proofline.db');
  const whole = readFileSync(file);
  const violations: string[] = [];
  const counts = { refused: 0, same: 0, changed: 0 };
  for (let round = 1; round <= rounds; round++) {
    const bytes = Buffer.from(whole);
    const at = random.between(0, bytes.length - 1);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.between(0, 7));
    writeFileSync(file, bytes);
    for (const log of ['-wal', '-shm']) writeFileSync(`${file}${log}`, '');
    const server = await startServer({ dataDir: folder.path }).catch(() => undefined);
    if (server === undefined) counts.refused += 1;
    else {
      const seen = await view(api(server.url, ada.token), stream).catch(() => undefined);
      if (seen?.zip !== undefined && !chunks.every((chunk) => seen.zip?.includes(chunkBytes(chunk))))
        violations.push(`bit at byte ${at}: a bundle ended well with other bytes`);
      if (seen === undefined || seen.status !== 200 || seen.zip === undefined) counts.refused += 1;
      else if (seen.text === truth.text) counts.same += 1;
      else counts.changed += 1;
      await server.kill();
    }
    if (round % 20 === 0) progress(`${round}/${rounds} bits of the database flipped`);
  }
  folder.remove();
  return {
    fault: 'a flipped bit in the database file',
    held: 'a bundle that ends well holds the accepted bytes',
    filesystem: 'as the machine has it',
    rounds,
    acknowledged: rounds,
    violations,
    seed,
    note: `${counts.refused} refused, ${counts.same} without effect on what was read, ${counts.changed} changed a value that has no checksum`,
  };
}

async function view(ada: Api, stream: string) {
  const listing = await ada.call('GET', `${stream.split('/streams/')[0]}/chunks?limit=100`);
  const response = await fetch(`${ada.url}${stream}/download`, { headers: { authorization: `Bearer ${ada.token}` } });
  const zip = await response.arrayBuffer().then(
    (bytes) => Buffer.from(bytes),
    () => undefined,
  );
  const isWhole = response.status === 200 && zip?.length === Number(response.headers.get('content-length'));
  return { status: listing.status, text: JSON.stringify(listing.body), zip: isWhole ? zip : undefined };
}
