import { existsSync } from 'node:fs';
import { type Answer, type Api, api, openIncident, openStream, signIn } from '../support/api.ts';
import { type Finding, type Progress, silently } from '../support/finding.ts';
import { brokenChunk, listRows, rowsWithoutBlob, type SentChunk, sendChunk } from '../support/ledger.ts';
import { bytesNamed, type Random, seeded } from '../support/random.ts';
import { adminPassword, cli, createAccount, scratchFolder, startServer, type TestServer } from '../support/server.ts';

export interface RaceOptions {
  rounds: number;
  seed: number;
  progress?: Progress;
}

interface Field {
  server: TestServer;
  ada: Api;
  dataDir: string;
  random: Random;
}

export type Race = (field: Field, name: string) => Promise<{ violations: string[]; acknowledged: number }>;

async function onOneServer(options: RaceOptions, race: Race, fault: string, held: string): Promise<Finding> {
  const { rounds, seed, progress = silently } = options;
  const folder = scratchFolder('races');
  await createAccount(folder.path, 'ada', 'admin');
  const server = await startServer({ dataDir: folder.path, env: { SAFE_DELETION_WORKER_INTERVAL: '50ms' } });
  const violations: string[] = [];
  let acknowledged = 0;
  try {
    const field = { server, ada: await signIn(server.url, 'ada'), dataDir: folder.path, random: seeded(seed) };
    for (let round = 1; round <= rounds; round++) {
      const result = await race(field, `${seed}-${round}`);
      violations.push(...result.violations);
      acknowledged += result.acknowledged;
      if (round % 50 === 0) progress(`${fault}: ${round}/${rounds}`);
    }
  } finally {
    await server.kill();
    folder.remove();
  }
  return { fault, held, filesystem: 'as the machine has it', rounds, acknowledged, violations, seed };
}

const writers = 64;

/** 64 requests for one identity at once, their bytes and their keys the same or not. */
export const raceForIdentity = (options: RaceOptions) =>
  onOneServer(
    options,
    async ({ ada, dataDir, random }, name) => {
      const [sameBytes, keys] = [random.chance(0.5), random.pick(['same', 'different', 'none'])];
      const incidentId = await openIncident(ada);
      const streamId = await openStream(ada, incidentId);
      const answers = await Promise.all(
        Array.from({ length: writers }, async (_, i) => {
          const bytes = bytesNamed(`${name}-${sameBytes ? 0 : i}`, 3_000);
          const key = keys === 'none' ? {} : { key: keys === 'same' ? name : `${name}-${i}` };
          return await ada.putChunk(incidentId, streamId, 1, bytes, key);
        }),
      );
      const violations: string[] = [];
      const created = answers.filter(({ status }) => status === 201);
      if (created.length !== 1) violations.push(`${created.length} creators`);
      for (const { status, body } of answers) {
        const replay = status === 200 && sameBytes && keys === 'same' && body.id === created[0]?.body.id;
        if (status !== 201 && status !== 409 && !replay) violations.push(`a loser was answered ${status}`);
      }
      const rows = await listRows(ada, incidentId);
      if (rows.length !== 1 || rows[0]?.sha256_hex !== created[0]?.body.sha256_hex)
        violations.push(`${rows.length} rows`);
      violations.push(...(await rowsWithoutBlob(ada, dataDir, incidentId)));
      return { violations: violations.map((each) => `${name} (keys ${keys}): ${each}`), acknowledged: 1 };
    },
    `${writers} writers for one identity`,
    'one creator, the others replay or conflict',
  );

type Rival = 'close' | 'complete' | 'fail' | 'delete';

/** Uploads while their incident is closed or deleted, or their stream completed or failed. */
export const raceWithEnd = (options: RaceOptions) =>
  onOneServer(
    options,
    async ({ ada, dataDir, random }, name) => {
      const rival = random.pick<Rival>(['close', 'complete', 'fail', 'delete']);
      const incidentId = await openIncident(ada);
      const streamId = await openStream(ada, incidentId);
      const chunks = Array.from(
        { length: 8 },
        (_, i): SentChunk => ({
          incidentId,
          streamId,
          index: i + 1,
          size: random.pick([500, 70_000]),
          key: `${name}-${i}`,
        }),
      );
      const uploads = chunks.map(async (chunk, i) => {
        await new Promise((resolve) => setTimeout(resolve, random.between(0, i * 2)));
        return await sendChunk(ada, chunk);
      });
      await new Promise((resolve) => setTimeout(resolve, random.between(0, 25)));
      const end = await endIt(ada, rival, incidentId, streamId);
      const atEnd = end.status < 300 && rival !== 'delete' ? await listRows(ada, incidentId) : undefined;
      await Promise.all(uploads);
      const accepted = chunks.filter((chunk) => chunk.accepted !== undefined);
      const violations: string[] = [];
      for (const { refused } of chunks)
        if (refused !== undefined && !refused.startsWith('409 ')) violations.push(`an upload was answered ${refused}`);
      if (rival === 'delete') violations.push(...(await deletedWhole(ada, dataDir, incidentId)));
      else {
        const rows = await listRows(ada, incidentId);
        if (rows.length !== accepted.length) violations.push(`${accepted.length} accepted, ${rows.length} rows`);
        if (atEnd !== undefined && rows.length !== atEnd.length)
          violations.push('a row came after the end was answered');
        violations.push(...(await rowsWithoutBlob(ada, dataDir, incidentId)));
        for (const chunk of accepted) violations.push(...(await brokenChunk(ada, dataDir, chunk)));
        if (rival === 'complete' && end.status === 200) violations.push(...(await bundleHas(ada, chunks, end)));
      }
      return { violations: violations.map((each) => `${name} ${rival}: ${each}`), acknowledged: accepted.length + 1 };
    },
    'uploads against close, complete, fail and deletion',
    'one order: no row after the end, no bundle without a blob, no blob after deletion',
  );

async function endIt(ada: Api, rival: Rival, incidentId: string, streamId: string): Promise<Answer> {
  const stream = `/v1/incidents/${incidentId}/streams/${streamId}`;
  if (rival === 'close') return await ada.call('POST', `/v1/incidents/${incidentId}/close`);
  if (rival === 'fail') return await ada.call('POST', `${stream}/fail`, {});
  if (rival === 'delete') return await ada.call('POST', `/v1/incidents/${incidentId}/deletion`, { allow_open: true });
  // How many there are when it is asked is as uncertain as everything else here.
  const { body } = await ada.call('GET', `/v1/incidents/${incidentId}/chunks?limit=100`);
  return await ada.call('POST', `${stream}/complete`, { expected_chunk_count: Math.max(1, body.chunks.length) });
}

async function bundleHas(ada: Api, chunks: readonly SentChunk[], end: Answer): Promise<string[]> {
  const [first] = chunks;
  if (first === undefined) return [];
  const path = `/v1/incidents/${first.incidentId}/streams/${first.streamId}/download`;
  const response = await fetch(`${ada.url}${path}`, { headers: { authorization: `Bearer ${ada.token}` } });
  const zip = Buffer.from(await response.arrayBuffer());
  const inside = chunks.filter((chunk) => zip.includes(bytesNamed(chunk.key, chunk.size))).length;
  const expected = end.body.stream.expected_chunk_count;
  return inside === expected ? [] : [`completed with ${expected}, its bundle holds ${inside}`];
}

async function deletedWhole(ada: Api, dataDir: string, incidentId: string): Promise<string[]> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const { body } = await ada.call('GET', `/v1/incidents/${incidentId}/deletion`);
    if (body.deletion?.state === 'deleted') {
      const left = existsSync(`${dataDir}/blobs/incidents/${incidentId}`);
      return left ? ['deleted, and blobs stay'] : [];
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return ['its deletion stands still'];
}

/** A session is revoked while it reads: nothing that is asked after the answer may be answered. */
export const raceRevocation = (options: RaceOptions) =>
  onOneServer(
    options,
    async ({ ada, server }, name) => {
      const incidentId = await openIncident(ada);
      const link = (await ada.call('POST', `/v1/incidents/${incidentId}/incident-tokens`, {})).body;
      const view = async () => (await fetch(`${server.url}/i/${link.token}/data`)).status;
      let revoked = false;
      const violations: string[] = [];
      const viewers = Array.from({ length: 8 }, async () => {
        for (let i = 0; i < 12; i++) {
          const isAfter = revoked;
          const status = await view();
          if (isAfter && status !== 404) violations.push(`${name}: a revoked link answered ${status}`);
          if (status >= 500) violations.push(`${name}: ${status}`);
        }
      });
      if ((await view()) !== 200) violations.push(`${name}: the link never worked`);
      const answer = await ada.call('POST', `/v1/incident-tokens/${link.token_id}/revoke`);
      revoked = true;
      if (answer.status !== 200) violations.push(`${name}: revoking answered ${answer.status}`);
      await Promise.all(viewers);
      if ((await view()) !== 404) violations.push(`${name}: a revoked link still works`);
      return { violations, acknowledged: 1 };
    },
    'a viewer link revoked while it is used',
    'nothing asked for after the answer is shown',
  );

/** The command line writes accounts into the database while the server takes uploads. */
export const raceProcesses = (options: RaceOptions) =>
  onOneServer(
    options,
    async ({ ada, dataDir, server }, name) => {
      const incidentId = await openIncident(ada);
      const streamId = await openStream(ada, incidentId);
      const violations: string[] = [];
      let running = true;
      let index = 0;
      const lanes = Array.from({ length: 8 }, async () => {
        while (running) {
          index += 1;
          const answer = await sendChunk(ada, { incidentId, streamId, index, size: 2_000, key: `${name}-${index}` });
          if (answer?.status !== 201) violations.push(`${name}: an upload was answered ${answer?.status}`);
        }
      });
      const username = `user-${name}`;
      const args = ['accounts', 'create', '--username', username, '--password-file', '-'];
      const result = await cli(args, { SAFE_DATA_DIR: dataDir }, adminPassword);
      running = false;
      await Promise.all(lanes);
      if (result.code !== 0) violations.push(`${name}: the command line failed: ${result.stderr}`);
      const login = await api(server.url).call('POST', '/v1/auth/login', { username, password: adminPassword });
      if (login.status !== 201) violations.push(`${name}: the new account cannot sign in: ${login.status}`);
      return { violations, acknowledged: index + 1 };
    },
    'the command line writes beside the server',
    'both are accepted, neither waits in vain',
  );
