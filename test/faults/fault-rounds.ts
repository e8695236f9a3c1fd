import { once } from 'node:events';
import { type Api, api, openIncident, openStream, signIn } from '../support/api.ts';
import { type Finding, type Progress, silently } from '../support/finding.ts';
import { brokenChunk, rowsWithoutBlob, type SentChunk, sendChunk } from '../support/ledger.ts';
import { createAccount, scratchFolder, startServer, type TestServer } from '../support/server.ts';
import { disorder, failedFlush, repeatedFlushes } from './order.ts';
import { blobName, idOf } from './order-rounds.ts';
import { attachTracer, type TracedCall } from './trace.ts';

/** A system call and the error it gives, at its first, second, … arrival in any thread. */
export interface Injection {
  syscall: string;
  error: string;
  /** The largest ordinal tried; the run stops earlier when one no longer comes up. */
  ordinals: number;
}

export const allInjections: Injection[] = [
  ...['fsync', 'fdatasync', 'write', 'pwrite64', 'writev', 'pwritev', 'link', 'mkdir'].flatMap((syscall) =>
    ['EIO', 'ENOSPC'].map((error) => ({ syscall, error, ordinals: 40 })),
  ),
  ...['openat', 'link', 'mkdir'].map((syscall) => ({ syscall, error: 'EMFILE', ordinals: 40 })),
  ...['openat', 'unlink', 'rename', 'ftruncate'].map((syscall) => ({ syscall, error: 'EIO', ordinals: 40 })),
];

interface Tally {
  violations: string[];
  acknowledged: number;
  fired: number;
  refused: number;
  ended: number;
}

export async function failSyscalls(options: {
  injections: readonly Injection[];
  progress?: Progress;
}): Promise<Finding> {
  const { injections, progress = silently } = options;
  const folder = scratchFolder('faults');
  const dataDir = folder.path;
  await createAccount(dataDir, 'ada', 'admin');
  const first = await startServer({ dataDir });
  const { token } = await signIn(first.url, 'ada');
  const standing = await standingChunk(api(first.url, token));
  await first.stop();
  const tally: Tally = { violations: [], acknowledged: 0, fired: 0, refused: 0, ended: 0 };
  const accepted: SentChunk[] = [];
  try {
    for (const { syscall, error, ordinals } of injections) {
      let nth = 1;
      for (; nth <= ordinals; nth++) {
        const fired = await oneFault(
          { dataDir, token, standing, accepted, tally },
          `${syscall}:error=${error}:when=${nth}`,
        );
        if (!fired) break;
      }
      progress(`${syscall} ${error}: ${nth - 1} ordinals, ${tally.acknowledged} acknowledged in all`);
    }
    tally.violations.push(...(await afterwards(dataDir, token, accepted)));
  } finally {
    folder.remove();
  }
  return {
    fault: `a system call fails: ${[...new Set(injections.map(({ syscall }) => syscall))].join(', ')}`,
    held: 'no 2xx that is not durable; no flush repeated after it failed; then read-only, not ready, and reads go on',
    filesystem: 'as the machine has it',
    rounds: tally.fired,
    acknowledged: tally.acknowledged,
    violations: tally.violations,
    seed: 0,
    note: `${tally.refused} requests refused; the process ended ${tally.ended} times`,
  };
}

/** A chunk from before any fault, which must stay readable through all of them. */
async function standingChunk(ada: Api): Promise<SentChunk> {
  const incidentId = await openIncident(ada);
  const streamId = await openStream(ada, incidentId);
  const chunk = { incidentId, streamId, index: 1, size: 70_000, key: `standing-${incidentId}` };
  await sendChunk(ada, chunk);
  await ada.call('POST', `/v1/incidents/${incidentId}/streams/${streamId}/complete`, { expected_chunk_count: 1 });
  return chunk;
}

interface Scene {
  dataDir: string;
  token: string;
  standing: SentChunk;
  accepted: SentChunk[];
  tally: Tally;
}

/** False when the ordinal no longer came up. */
async function oneFault(scene: Scene, inject: string): Promise<boolean> {
  const { dataDir, token, tally } = scene;
  // Ordinals count for each thread, so the pool has one.
  const server = await startServer({ dataDir, env: { UV_THREADPOOL_SIZE: '1' } });
  const exited = once(server.process, 'exit').then(() => undefined);
  const ada = api(server.url, token);
  // The threads of the blob store load their modules after the server says that it is ready; a fault there is one of the start.
  await standingChunk(ada);
  await download(server, ada, scene.standing);
  const tracer = await attachTracer(server.pid, inject);
  const { chunks, incidents } = await requests(ada, `${inject}-${process.hrtime.bigint()}`, tally);
  // An error where libuv wakes its own threads is none that a disk can give; it ends the process, and that is no false answer.
  const isAlive = () => server.process.exitCode === null && server.process.signalCode === null;
  const looked = isAlive() ? await lookAfterFault(server, ada, scene.standing) : undefined;
  const after = isAlive() ? looked : undefined;
  if (after === undefined) tally.ended += 1;
  await server.kill();
  await exited;
  const calls = await tracer.calls();
  const violations = [
    ...chunks.flatMap((chunk) => disorder(calls, { blob: blobName(chunk), byteSize: chunk.size, id: idOf(chunk) })),
    ...incidents.flatMap((id) => disorder(calls, { id })),
    ...repeatedFlushes(calls),
    ...(after === undefined ? [] : judge(after, calls)),
  ];
  tally.violations.push(...violations.map((violation) => `${inject}: ${violation}`));
  tally.acknowledged += chunks.length + incidents.length;
  scene.accepted.push(...chunks);
  if (!calls.some(({ injected }) => injected)) return false;
  tally.fired += 1;
  return true;
}

/** Small and large bodies, old and new folders, and a row alone, one after another. Returns what was acknowledged. */
async function requests(ada: Api, name: string, tally: Tally) {
  const chunks: SentChunk[] = [];
  const incidents: string[] = [];
  for (let round = 1; round <= 2; round++) {
    const made = await ada.call('POST', '/v1/incidents', {}).catch(() => undefined);
    if (made?.status !== 201) {
      tally.refused += 1;
      continue;
    }
    const incidentId: string = made.body.incident_id;
    incidents.push(incidentId);
    const stream = await ada
      .call('POST', `/v1/incidents/${incidentId}/streams`, { media_type: 'video' })
      .catch(() => undefined);
    if (stream?.status !== 201) continue;
    for (const [at, size] of [65_536, 70_000, 4_500_000, 1].entries()) {
      const chunk: SentChunk = {
        incidentId,
        streamId: stream.body.stream.id,
        index: at + 1,
        size,
        key: `${name}-${round}-${at}`,
      };
      await sendChunk(ada, chunk);
      if (chunk.accepted === undefined) tally.refused += 1;
      else chunks.push(chunk);
    }
  }
  return { chunks, incidents };
}

interface AfterFault {
  read: number | undefined;
  readBytes: number;
  ready: number | undefined;
  uploads: boolean;
}

async function download(server: TestServer, ada: Api, { incidentId, streamId }: SentChunk) {
  const url = `${server.url}/v1/incidents/${incidentId}/streams/${streamId}/download`;
  const response = await fetch(url, { headers: { authorization: `Bearer ${ada.token}` } });
  return { read: response.status, readBytes: (await response.arrayBuffer()).byteLength };
}

async function lookAfterFault(server: TestServer, ada: Api, standing: SentChunk): Promise<AfterFault> {
  let reading: { read: number | undefined; readBytes: number } = { read: undefined, readBytes: 0 };
  // Each thread that reads counts its own ordinals, so the fault may come only now, and in the next one once more.
  for (let attempt = 1; attempt <= 12 && reading.readBytes < standing.size; attempt++)
    reading = await download(server, ada, standing).catch(() => reading);
  const ready = await fetch(`${server.adminUrl}/admin/health/ready`).catch(() => undefined);
  // From a new incident to an accepted chunk: where any flush has failed, something on this way must say no.
  const uploads = await standingChunk(ada).then(
    (chunk) => chunk.accepted !== undefined,
    () => false,
  );
  return { ...reading, ready: ready?.status, uploads };
}

function judge(after: AfterFault, calls: readonly TracedCall[]): string[] {
  const violations: string[] = [];
  if (after.read !== 200 || after.readBytes < 70_000) violations.push(`reading afterwards answered ${after.read}`);
  if (!failedFlush(calls)) return violations;
  if (after.ready !== 503) violations.push(`a flush failed, and readiness says ${after.ready}`);
  if (after.uploads) violations.push('a flush failed, and uploads are still accepted');
  return violations;
}

async function afterwards(dataDir: string, token: string, accepted: readonly SentChunk[]): Promise<string[]> {
  const server = await startServer({ dataDir });
  const ada = api(server.url, token);
  const violations: string[] = [];
  for (const chunk of accepted) violations.push(...(await brokenChunk(ada, dataDir, chunk)));
  for (const incidentId of new Set(accepted.map((chunk) => chunk.incidentId)))
    violations.push(...(await rowsWithoutBlob(ada, dataDir, incidentId)));
  await server.stop();
  return violations;
}
