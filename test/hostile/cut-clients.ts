import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Api, openIncident, openStream, sha256, signIn } from '../support/api.ts';
import { type Finding, type Progress, silently } from '../support/finding.ts';
import { listRows } from '../support/ledger.ts';
import { bytesNamed, type Random, seeded } from '../support/random.ts';
import { head, openRaw } from '../support/raw-request.ts';
import { createAccount, scratchFolder, startServer } from '../support/server.ts';

interface Piece {
  /** The class of bytes a cut can fall into. */
  name: string;
  bytes: Buffer;
}

type Framing = 'length' | 'chunked' | 'multipart';
export type Ending = 'fin' | 'reset' | 'stall' | 'wrong-length' | 'wrong-hash';

const allEndings: [Ending, ...Ending[]] = ['fin', 'fin', 'reset', 'reset', 'stall', 'wrong-length', 'wrong-hash'];
const allFramings: [Framing, ...Framing[]] = ['length', 'chunked', 'multipart'];
const boundary = 'cut-here';
/** The last is beyond what the server keeps in memory. */
const sizes = [10, 4_096, 65_536, 65_536, 65_536, 300_000, 300_000, 5_000_000] as const;

/** A whole upload in pieces; a cut falls into each of them, at its first byte, inside, and before its last. */
function pieces(ada: Api, incident: string, stream: string, index: number, framing: Framing, body: Buffer): Piece[] {
  const digest = sha256(body);
  const shared = { Authorization: `Bearer ${ada.token}` };
  const put = {
    ...shared,
    'Repr-Digest': `sha-256=:${digest.toString('base64')}:`,
    'Proofline-Started-At': '2026-01-01T00:00:00Z',
    'Proofline-Ended-At': '2026-01-01T00:00:02Z',
  };
  const target = `/v1/incidents/${incident}/streams/${stream}/chunks/${index}`;
  const piece = (name: string, bytes: string | Buffer): Piece => ({ name, bytes: Buffer.from(bytes) });
  if (framing === 'length')
    return [piece('head', head('PUT', target, { ...put, 'Content-Length': body.length })), piece('body', body)];
  if (framing === 'chunked')
    return [
      piece('head', head('PUT', target, { ...put, 'Transfer-Encoding': 'chunked' })),
      piece('size line', `${body.length.toString(16)}\r\n`),
      piece('body', body),
      piece('end of chunk', '\r\n'),
      piece('last chunk', '0\r\n\r\n'),
    ];
  const fields = {
    stream_id: stream,
    chunk_index: index,
    media_type: 'video',
    started_at: '2026-01-01T00:00:00Z',
    ended_at: '2026-01-01T00:00:02Z',
    sha256_hex: digest.toString('hex'),
  };
  const lines = Object.entries(fields).map(
    ([name, value]) => `\r\n--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}`,
  );
  const parts = [
    piece('first boundary', `--${boundary}\r\n`),
    piece('file head', 'Content-Disposition: form-data; name="file"; filename="a.enc"\r\n\r\n'),
    piece('body', body),
    piece('fields', lines.join('')),
    piece('last boundary', `\r\n--${boundary}--\r\n`),
  ];
  const length = parts.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const headers = { ...shared, 'Content-Type': `multipart/form-data; boundary=${boundary}`, 'Content-Length': length };
  return [piece('head', head('POST', `/v1/incidents/${incident}/chunks`, headers)), ...parts];
}

export interface CutOptions {
  cuts: number;
  seed: number;
  /** All unless told; for narrowing a failure down. */
  endings?: [Ending, ...Ending[]];
  framings?: [Framing, ...Framing[]];
  progress?: Progress;
}

/** Cuts uploads off in every way and place; nothing of them may be visible afterwards, and staging must be empty. */
export async function cutClients(options: CutOptions): Promise<Finding> {
  const { cuts, seed, progress = silently } = options;
  const random = seeded(seed);
  const folder = scratchFolder('cut-clients');
  await createAccount(folder.path, 'ada', 'admin');
  const server = await startServer({ dataDir: folder.path });
  const violations: string[] = [];
  const stalled: Awaited<ReturnType<typeof openRaw>>[] = [];
  const answers = new Map<number, number>();
  try {
    const ada = await signIn(server.url, 'ada');
    const incident = await openIncident(ada);
    const stream = await openStream(ada, incident);
    let index = 0;
    const one = async () => {
      index += 1;
      const ending = random.pick(options.endings ?? allEndings);
      const framing = random.pick(options.framings ?? allFramings);
      const bytes = damaged(
        pieces(ada, incident, stream, index, framing, bytesNamed(`${seed}-${index}`, random.pick(sizes))),
        ending,
        random,
      );
      const raw = await openRaw(server.url);
      raw.socket.on('error', () => undefined);
      raw.send(bytes);
      if (ending === 'stall' && stalled.length < 40) {
        stalled.push(raw);
        return;
      }
      // Whole but wrong: it gets its answer. Cut: sometimes at once, sometimes when the server has begun to read.
      const isWhole = ending === 'wrong-hash';
      if (!isWhole && random.chance(0.5)) await new Promise((resolve) => setTimeout(resolve, random.between(0, 20)));
      if (ending === 'reset') raw.reset();
      else if (!isWhole) raw.fin();
      const answer = ending === 'reset' ? undefined : await raw.answer(10_000);
      if (answer !== undefined) answers.set(answer.status, (answers.get(answer.status) ?? 0) + 1);
      if (answer !== undefined && answer.status < 300)
        violations.push(`${framing} ${ending}: answered ${answer.status}`);
      if (answer !== undefined && answer.status >= 500)
        violations.push(`${framing} ${ending}: answered ${answer.status}`);
      if (isWhole && answer?.status !== 400)
        violations.push(`${framing} with a wrong hash: answered ${answer?.status}`);
      raw.socket.destroy();
    };
    for (let done = 0; done < cuts; ) {
      const batch = Math.min(16, cuts - done);
      await Promise.all(Array.from({ length: batch }, one));
      done += batch;
      if (done % 1_000 < 16) progress(`${done}/${cuts} uploads cut off`);
    }
    for (const raw of stalled) raw.reset();
    violations.push(...(await leftovers(ada, folder.path, server.adminUrl, incident)));
    if (server.process.exitCode !== null) violations.push('the server ended');
  } finally {
    await server.kill();
    folder.remove();
  }
  const seen = [...answers].map(([status, count]) => `${status} ${count} times`).join(', ');
  return {
    fault: 'uploads cut off: FIN, RST, stall, wrong length, wrong hash, unterminated chunked, torn multipart',
    held: 'nothing of them is visible, staging is empty, no 2xx and no 5xx',
    filesystem: 'as the machine has it',
    rounds: cuts,
    acknowledged: 0,
    violations,
    seed,
    note: `answered where the client still listened: ${seen}`,
  };
}

function damaged(whole: Piece[], ending: Ending, random: Random): Buffer {
  const all = Buffer.concat(whole.map(({ bytes }) => bytes));
  if (ending === 'wrong-hash') {
    const body = whole.find(({ name }) => name === 'body');
    if (body !== undefined) body.bytes[0] = (body.bytes[0] ?? 0) ^ 1;
    return Buffer.concat(whole.map(({ bytes }) => bytes));
  }
  if (ending === 'wrong-length') {
    // More is announced than comes.
    const text = whole[0]?.bytes.toString() ?? '';
    const longer = text.replace(/Content-Length: (\d+)/, (_, length) => `Content-Length: ${Number(length) + 7}`);
    const rest = Buffer.concat(whole.slice(1).map(({ bytes }) => bytes));
    return longer === text ? all.subarray(0, all.length - 1) : Buffer.concat([Buffer.from(longer), rest]);
  }
  const at = random.between(0, whole.length - 1);
  const before = whole.slice(0, at).reduce((sum, { bytes }) => sum + bytes.length, 0);
  const inside = whole[at]?.bytes.length ?? 1;
  const end = before + random.pick([0, 1, random.between(0, inside - 1), inside - 1]);
  // All but the last byte is the latest cut; the whole would be an honest upload.
  return all.subarray(0, Math.min(end, all.length - 1));
}

async function leftovers(ada: Api, dataDir: string, adminUrl: string, incident: string): Promise<string[]> {
  const left = async () => {
    const staged = readdirSync(join(dataDir, 'staging')).length;
    const metrics = await (await fetch(`${adminUrl}/metrics`)).text();
    const held = Number(/^proofline_staging_bodies (\d+)/m.exec(metrics)?.[1]);
    return { staged, held };
  };
  let found = await left();
  for (let attempt = 0; attempt < 40 && found.staged + found.held > 0; attempt++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    found = await left();
  }
  const blobs = readdirSync(join(dataDir, 'blobs'), { recursive: true }).filter((name) =>
    name.toString().endsWith('.enc'),
  );
  const rows = await listRows(ada, incident);
  return [
    ...(found.staged === 0 ? [] : [`staging keeps ${found.staged} files`]),
    ...(found.held === 0 ? [] : [`staging counts ${found.held} bodies for ever`]),
    ...(blobs.length === 0 ? [] : [`${blobs.length} blobs of uploads that were cut off`]),
    ...(rows.length === 0 ? [] : [`${rows.length} rows of uploads that were cut off`]),
  ];
}
