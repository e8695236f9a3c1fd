import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import fc from 'fast-check';
import { type Api, openIncident, openStream, signIn } from '../support/api.ts';
import { type Finding, quantile } from '../support/finding.ts';
import { type SentChunk, sendChunk } from '../support/ledger.ts';
import { head, openRaw } from '../support/raw-request.ts';
import { createAccount, scratchFolder, startServer } from '../support/server.ts';

export interface HostileOptions {
  idleSockets: number;
  fuzzRuns: number;
  seed: number;
}

/** What they may all together make the server hold more than at rest. */
const mostGrowthBytes = 64 * 2 ** 20;

/** Bytes the process holds in memory, as the kernel counts. */
export function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
}

/** Everything at once against one server, and an honest client beside it. */
export async function besiege({ idleSockets, fuzzRuns, seed }: HostileOptions): Promise<Finding> {
  const folder = scratchFolder('hostile');
  await createAccount(folder.path, 'ada', 'admin');
  const server = await startServer({ dataDir: folder.path });
  const violations: string[] = [];
  const expect = async (name: string, wanted: number, got: Promise<number | undefined>) => {
    const status = await got;
    if (status !== wanted) violations.push(`${name}: answered ${status}, not ${wanted}`);
  };
  try {
    const ada = await signIn(server.url, 'ada');
    const incidentId = await openIncident(ada);
    const streamId = await openStream(ada, incidentId);
    const forms = [`/v1/incidents/${incidentId}/chunks`, '/v1/documents'];
    const honest = honestClient(ada, incidentId, streamId);
    // Warm first, with malformed forms too: what the first requests load and compile is no growth under attack.
    for (const path of forms) violations.push(...(await fuzzForms(ada, path, 150, seed + 1)));
    const idle = await honest.during(new Promise((resolve) => setTimeout(resolve, 2_000)));
    const before = residentBytes(server.pid);
    const sockets = await openIdle(server.url, idleSockets);
    let peak = before;
    const watch = setInterval(() => {
      peak = Math.max(peak, residentBytes(server.pid));
    }, 100);
    const attacks = Promise.all([
      expect('headers that never end', 408, slowHeaders(server.url)),
      expect('a body slower than the minimum rate', 408, slowBody(ada, incidentId, streamId)),
      expect('16 KiB of headers and more', 431, headerBomb(server.url)),
      expect('a JSON body beyond its limit', 413, post(ada, `{"notes":"${'n'.repeat(70_000)}"}`)),
      expect('JSON nested 30,000 deep', 400, post(ada, `${'['.repeat(30_000)}${']'.repeat(30_000)}`)),
      expect('JSON that is cut off', 400, post(ada, '{"notes":"')),
      expect('an upload announced too large', 413, tooLarge(ada, incidentId, streamId)),
      expect('an endless chunk-size line', 400, endlessSizeLine(ada, incidentId, streamId)),
      expect('a resumable upload announced too large', 413, beginUpload(ada, { 'upload-length': '6000000000' })),
      expect('an upload of less than nothing', 400, beginUpload(ada, { 'upload-length': '-1' })),
      expect('words of an upload that are none', 400, beginUpload(ada, { 'upload-metadata': 'name !!!, ,, = ,' })),
    ]);
    const besieged = await honest.during(attacks);
    const growth = peak - before;
    // Forms are judged by their answers; what they make the collector put off is told, and has no bar.
    for (const path of forms) violations.push(...(await fuzzForms(ada, path, Math.ceil(fuzzRuns / 2), seed)));
    clearInterval(watch);
    for (const socket of sockets) socket.destroy();
    violations.push(...honest.violations);
    if (server.process.exitCode !== null) violations.push('the server ended');
    if (growth > mostGrowthBytes) violations.push(`memory grew by ${Math.round(growth / 2 ** 20)} MB`);
    const ratio = quantile(besieged, 0.99) / quantile(idle, 0.99);
    return {
      fault: `slow and hostile clients at once: slow headers and body, ${idleSockets} idle sockets, huge and deep JSON, header bombs, ${fuzzRuns} malformed forms`,
      held: '408, 413, 431 and 400 readable and in time; an honest client is served; memory grows by less than 64 MB',
      filesystem: 'as the machine has it',
      rounds: 11 + idleSockets + fuzzRuns,
      acknowledged: honest.accepted(),
      violations,
      seed,
      note: `memory grew by ${Math.round(growth / 2 ** 20)} MB at most, ${Math.round((peak - before) / 2 ** 20)} MB with the forms; honest p99 ${ratio.toFixed(1)} × idle (attackers on the same two cores)`,
    };
  } finally {
    await server.kill();
    folder.remove();
  }
}

function honestClient(ada: Api, incidentId: string, streamId: string) {
  const violations: string[] = [];
  let index = 0;
  let accepted = 0;
  return {
    violations,
    accepted: () => accepted,
    async during(work: Promise<unknown>): Promise<number[]> {
      const times: number[] = [];
      let running = true;
      const done = work.finally(() => {
        running = false;
      });
      while (running || times.length === 0) {
        index += 1;
        const began = performance.now();
        const chunk: SentChunk = { incidentId, streamId, index, size: 10_000, key: `honest-${index}` };
        const answer = await sendChunk(ada, chunk);
        times.push(performance.now() - began);
        if (answer?.status === 201) accepted += 1;
        else violations.push(`an honest upload was answered ${answer?.status}`);
        await new Promise((resolve) => setTimeout(resolve, 40));
      }
      await done;
      return times;
    },
  };
}

async function openIdle(url: string, count: number): Promise<Socket[]> {
  const { hostname, port } = new URL(url);
  const sockets: Socket[] = [];
  for (let i = 0; i < count; i++) {
    const socket = connect({ host: hostname, port: Number(port) });
    socket.on('error', () => undefined);
    sockets.push(socket);
    if (i % 200 === 199) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return sockets;
}

async function slowHeaders(url: string): Promise<number | undefined> {
  const raw = await openRaw(url);
  raw.send('GET /v1/account HTTP/1.1\r\nHost: test\r\n');
  const drip = setInterval(() => raw.send('X: y\r\n'), 1_000);
  const answer = await raw.answer(20_000);
  clearInterval(drip);
  raw.reset();
  return answer?.status;
}

const times = { 'Proofline-Started-At': '2026-01-01T00:00:00Z', 'Proofline-Ended-At': '2026-01-01T00:00:02Z' };

function uploadHead(ada: Api, incidentId: string, streamId: string, framing: Record<string, string | number>): string {
  return head('PUT', `/v1/incidents/${incidentId}/streams/${streamId}/chunks/999999`, {
    Authorization: `Bearer ${ada.token}`,
    'Repr-Digest': `sha-256=:${'A'.repeat(43)}=:`,
    ...times,
    ...framing,
  });
}

async function slowBody(ada: Api, incidentId: string, streamId: string): Promise<number | undefined> {
  const raw = await openRaw(ada.url);
  raw.send(uploadHead(ada, incidentId, streamId, { 'Content-Length': 1_000_000 }));
  const drip = setInterval(() => raw.send('x'), 500);
  const answer = await raw.answer(40_000);
  clearInterval(drip);
  raw.reset();
  return answer?.whole === true ? answer.status : undefined;
}

async function headerBomb(url: string): Promise<number | undefined> {
  const raw = await openRaw(url);
  raw.send(head('GET', '/v1/account', { 'X-Bomb': 'b'.repeat(64 * 1024) }));
  const answer = await raw.answer(10_000);
  raw.reset();
  return answer?.whole === true ? answer.status : undefined;
}

async function post(ada: Api, body: string): Promise<number | undefined> {
  const raw = await openRaw(ada.url);
  raw.send(head('POST', '/v1/incidents', { Authorization: `Bearer ${ada.token}`, 'Content-Length': body.length }));
  raw.send(body);
  const answer = await raw.answer(10_000);
  raw.reset();
  return answer?.whole === true ? answer.status : undefined;
}

/** All of a body that is refused by its length: the answer must be readable all the same. */
async function tooLarge(ada: Api, incidentId: string, streamId: string): Promise<number | undefined> {
  const raw = await openRaw(ada.url);
  raw.send(uploadHead(ada, incidentId, streamId, { 'Content-Length': 300_000_000 }));
  for (let i = 0; i < 64; i++) raw.send(Buffer.alloc(64 * 1024));
  const answer = await raw.answer(10_000);
  raw.reset();
  return answer?.whole === true ? answer.status : undefined;
}

async function endlessSizeLine(ada: Api, incidentId: string, streamId: string): Promise<number | undefined> {
  const raw = await openRaw(ada.url);
  raw.send(uploadHead(ada, incidentId, streamId, { 'Transfer-Encoding': 'chunked' }));
  raw.send('f'.repeat(100_000));
  const answer = await raw.answer(10_000);
  raw.reset();
  return answer?.status;
}

async function beginUpload(ada: Api, headers: Record<string, string>): Promise<number> {
  const words = { 'upload-length': '9', 'upload-metadata': 'name YQ==', ...headers };
  const answer = await fetch(`${ada.url}/v1/documents/uploads`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ada.token}`, 'tus-resumable': '1.0.0', ...words },
    signal: AbortSignal.timeout(10_000),
  });
  await answer.arrayBuffer();
  return answer.status;
}

/** Forms put together of pieces of real ones and of noise: always a refusal of the client, never a failure of ours. */
async function fuzzForms(ada: Api, path: string, runs: number, seed: number): Promise<string[]> {
  const piece = fc.oneof(
    fc.constantFrom(
      '--b\r\n',
      '\r\n--b',
      '\r\n--b--\r\n',
      '\r\n\r\n',
      'Content-Disposition: form-data; name="file"; filename="x"\r\n',
    ),
    fc.constantFrom(
      'Content-Disposition: form-data; name="chunk_index"\r\n\r\n1',
      'Content-Type: a/b\r\n',
      'name="',
      '"',
      ';',
      '\r',
      '\0',
    ),
    fc.string({ unit: 'binary', maxLength: 200 }),
  );
  const boundary = fc.constantFrom(
    'boundary=b',
    'boundary="b"',
    'boundary=',
    '',
    'boundary=b; charset=utf-16',
    `boundary=${'b'.repeat(300)}`,
  );
  const form = fc.record({ boundary, body: fc.array(piece, { maxLength: 14 }).map((pieces) => pieces.join('')) });
  const found = await fc.check(
    fc.asyncProperty(form, async ({ boundary, body }) => {
      const answer = await fetch(`${ada.url}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${ada.token}`, 'content-type': `multipart/form-data; ${boundary}` },
        body,
        signal: AbortSignal.timeout(10_000),
      });
      await answer.arrayBuffer();
      return answer.status >= 400 && answer.status < 500;
    }),
    { numRuns: runs, seed },
  );
  return found.failed ? [`a malformed form: ${fc.stringify(found.counterexample)}`] : [];
}
