import { type Answer, type Api, api, openIncident, openStream, signIn } from '../support/api.ts';
import { type Finding, type Progress, silently } from '../support/finding.ts';
import {
  blobsStay,
  brokenChunk,
  listRows,
  rowsWithoutBlob,
  type SentChunk,
  type Stored,
  sendChunk,
} from '../support/ledger.ts';
import { bytesNamed, type Random, seeded } from '../support/random.ts';
import { adminPassword, cli, createAccount, scratchFolder, startServer, type TestServer } from '../support/server.ts';

export interface RaceOptions {
  rounds: number;
  seed: number;
  progress?: Progress;
  /** Without it, one server of its own. */
  ground?: Ground;
}

/** Where a race is run: one server, or several nodes of one store. */
export interface Ground {
  servers: readonly TestServer[];
  token: string;
  stored: Stored;
  /** Of the first. */
  dataDir: string;
}

interface Field {
  ground: Ground;
  /** The administrator at the first server. */
  ada: Api;
  /** The same at any of them: whoever does something for the n-th time does it there. */
  at: (n: number) => Api;
  random: Random;
}

export type Race = (field: Field, name: string) => Promise<{ violations: string[]; acknowledged: number }>;

async function onOneServer(run: (ground: Ground) => Promise<void>): Promise<void> {
  const folder = scratchFolder('races');
  await createAccount(folder.path, 'ada', 'admin');
  const server = await startServer({ dataDir: folder.path, env: { SAFE_DELETION_WORKER_INTERVAL: '50ms' } });
  try {
    const { token } = await signIn(server.url, 'ada');
    await run({ servers: [server], token, stored: folder.path, dataDir: folder.path });
  } finally {
    await server.kill();
    folder.remove();
  }
}

export async function raced(options: RaceOptions, race: Race, fault: string, held: string): Promise<Finding> {
  const { ground: given, rounds, seed, progress = silently } = options;
  const violations: string[] = [];
  let acknowledged = 0;
  const run = async (ground: Ground) => {
    const urls = ground.servers.map(({ url }) => url);
    const at = (n: number) => api(urls[n % urls.length] ?? '', ground.token);
    const field = { ground, ada: at(0), at, random: seeded(seed) };
    for (let round = 1; round <= rounds; round++) {
      const result = await race(field, `${seed}-${round}`);
      violations.push(...result.violations);
      acknowledged += result.acknowledged;
      if (round % 50 === 0) progress(`${fault}: ${round}/${rounds}`);
    }
  };
  await (given === undefined ? onOneServer(run) : run(given));
  return { fault, held, filesystem: 'as the machine has it', rounds, acknowledged, violations, seed };
}

const writers = 64;

/** 64 requests for one identity at once, their bytes and their keys the same or not. */
export const raceForIdentity = (options: RaceOptions) =>
  raced(
    options,
    async ({ ada, at, ground: { servers, stored }, random }, name) => {
      const [sameBytes, keys] = [random.chance(0.5), random.pick(['same', 'different', 'none'])];
      const incidentId = await openIncident(ada);
      const streamId = await openStream(ada, incidentId);
      const answers = await Promise.all(
        Array.from({ length: writers }, async (_, i) => {
          const bytes = bytesNamed(`${name}-${sameBytes ? 0 : i}`, 3_000);
          const key = keys === 'none' ? {} : { key: keys === 'same' ? name : `${name}-${i}` };
          return await at(i).putChunk(incidentId, streamId, 1, bytes, key);
        }),
      );
      const violations: string[] = [];
      // Two nodes may both give way, one holding the identity and the other the key: then the next one creates.
      if (servers.length > 1 && answers.every(({ body }) => body.error?.code === 'upload_in_progress'))
        answers.push(await ada.putChunk(incidentId, streamId, 1, bytesNamed(`${name}-0`, 3_000), { key: `${name}-0` }));
      const created = answers.filter(({ status }) => status === 201);
      if (created.length !== 1) violations.push(`${created.length} creators`);
      for (const { status, body } of answers) {
        const replay = status === 200 && sameBytes && keys === 'same' && body.id === created[0]?.body.id;
        if (status !== 201 && status !== 409 && !replay) violations.push(`a loser was answered ${status}`);
      }
      const rows = await listRows(ada, incidentId);
      if (rows.length !== 1 || rows[0]?.sha256_hex !== created[0]?.body.sha256_hex)
        violations.push(`${rows.length} rows`);
      violations.push(...(await rowsWithoutBlob(ada, stored, incidentId)));
      return { violations: violations.map((each) => `${name} (keys ${keys}): ${each}`), acknowledged: 1 };
    },
    `${writers} writers for one identity`,
    'one creator, the others replay or conflict',
  );

type Rival = 'close' | 'complete' | 'fail' | 'delete';

/** Uploads while their incident is closed or deleted, or their stream completed or failed. */
export const raceWithEnd = (options: RaceOptions) =>
  raced(
    options,
    async ({ ada, at, ground: { stored }, random }, name) => {
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
        return await sendChunk(at(i), chunk);
      });
      await new Promise((resolve) => setTimeout(resolve, random.between(0, 25)));
      const end = await endIt(at(random.between(0, 1)), rival, incidentId, streamId);
      const atEnd = end.status < 300 && rival !== 'delete' ? await listRows(ada, incidentId) : undefined;
      await Promise.all(uploads);
      const accepted = chunks.filter((chunk) => chunk.accepted !== undefined);
      const violations: string[] = [];
      for (const { refused } of chunks)
        if (refused !== undefined && !refused.startsWith('409 ')) violations.push(`an upload was answered ${refused}`);
      if (rival === 'delete') violations.push(...(await deletedWhole(ada, stored, incidentId)));
      else {
        const rows = await listRows(ada, incidentId);
        if (rows.length !== accepted.length) violations.push(`${accepted.length} accepted, ${rows.length} rows`);
        if (atEnd !== undefined && rows.length !== atEnd.length)
          violations.push('a row came after the end was answered');
        violations.push(...(await rowsWithoutBlob(ada, stored, incidentId)));
        for (const chunk of accepted) violations.push(...(await brokenChunk(ada, stored, chunk)));
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

async function deletedWhole(ada: Api, stored: Stored, incidentId: string): Promise<string[]> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const { body } = await ada.call('GET', `/v1/incidents/${incidentId}/deletion`);
    if (body.deletion?.state === 'deleted') {
      return (await blobsStay(stored, incidentId)) ? ['deleted, and blobs stay'] : [];
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return ['its deletion stands still'];
}

/** A link is revoked while it is read, elsewhere where there are several nodes: nothing that is asked after the answer may be answered. */
export const raceRevocation = (options: RaceOptions) =>
  raced(
    options,
    async ({ ada, at }, name) => {
      const incidentId = await openIncident(ada);
      const link = (await ada.call('POST', `/v1/incidents/${incidentId}/incident-tokens`, {})).body;
      const view = async () => (await fetch(`${at(1).url}/i/${link.token}/data`)).status;
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
  raced(
    options,
    async ({ ada, ground: { dataDir } }, name) => {
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
      const login = await api(ada.url).call('POST', '/v1/auth/login', { username, password: adminPassword });
      if (login.status !== 201) violations.push(`${name}: the new account cannot sign in: ${login.status}`);
      return { violations, acknowledged: index + 1 };
    },
    'the command line writes beside the server',
    'both are accepted, neither waits in vain',
  );
