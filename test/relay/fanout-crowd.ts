import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Finding, type Progress, quantile, silently } from '../support/finding.ts';
import { head, openRaw } from '../support/raw-request.ts';
import { scratchFolder } from '../support/server.ts';
import { Crowd } from './support/crowd.ts';
import { LiveCore, newStream } from './support/live-core.ts';
import { livePath, RawReader } from './support/live-reader.ts';
import { startRelay, upload } from './support/relay-process.ts';

export interface CrowdOptions {
  readers: number;
  chunks: number;
  seed: number;
  progress?: Progress;
}

export interface CrowdFinding extends Finding {
  /** From the last byte of a chunk at the relay to the first byte of its event at a reader, in milliseconds: alone, and in the crowd. */
  alone: readonly number[];
  inCrowd: readonly number[];
  /** The same to the first byte of the chunk itself, fetched when its event was heard. */
  fetched: readonly number[];
  /** Of the relay's process, in bytes: with one reader, with the crowd there, and at most while all chunks went by. */
  memory: { alone: number; before: number; most: number };
}

/** Beyond what a garbage collector may leave lying about; a copy of every event for every reader would be more within seconds. Bytes. */
const flatBytes = 48 * 1024 * 1024;

/** Many read along with one stream: all of them hear of every chunk, in memory that does not grow with what went by. */
export async function gatherCrowd({ readers, chunks, seed, progress = silently }: CrowdOptions): Promise<CrowdFinding> {
  const folder = scratchFolder('fanout-crowd');
  const core = await LiveCore.start();
  const env = { SAFE_RELAY_FANOUT_MAX_READERS: String(readers + 2) };
  const relay = await startRelay({ folder: folder.path, coreUrl: core.double.url, env });
  const name = newStream();
  const violations: string[] = [];
  let index = 0;
  const send = async (probe: RawReader): Promise<{ heardMs: number; sentAt: number }> => {
    index++;
    const { path, headers, body } = upload({ ...name, index, body: randomBytes(4096) });
    const raw = await openRaw(relay.url);
    raw.send(head('PUT', path, { ...headers, 'content-length': body.length }));
    raw.send(body.subarray(0, -1));
    // Time for the preflight, and for everything but the last byte to be read.
    await new Promise((resolve) => setTimeout(resolve, 20));
    const sentAt = performance.now();
    raw.send(body.subarray(-1));
    const mine = index;
    const isIt = ({ event, data }: RawReader['heard'][number]) => event === 'chunk' && data.chunk_index === mine;
    await probe.when(`chunk ${mine}`, ({ heard }) => heard.some(isIt));
    const answer = await raw.answer();
    if (answer?.status !== 201) violations.push(`chunk ${mine}: answered ${answer?.status}`);
    raw.fin();
    return { heardMs: (probe.heard.find(isIt)?.at ?? Number.NaN) - sentAt, sentAt };
  };
  try {
    const token = core.capability(name);
    const authorization = `Bearer ${token}`;
    const probe = await RawReader.open(relay.url, name, token);
    const alone: number[] = [];
    const fetched: number[] = [];
    for (let i = 0; i < chunks; i++) {
      const { heardMs, sentAt } = await send(probe);
      alone.push(heardMs);
      const answer = await fetch(`${relay.url}${livePath(name)}/${index}`, { headers: { authorization } });
      await answer.body?.getReader().read();
      fetched.push(performance.now() - sentAt);
    }
    const before = index;
    const memory = { alone: residentBytes(relay.pid), before: 0, most: 0 };

    const tokens = Array.from({ length: readers }, () => core.capability(name));
    const crowd = new Crowd({ port: Number(new URL(relay.url).port), path: livePath(name), tokens });
    await crowd.until('everybody is there', ({ answered }) => answered === readers);
    const shown = Math.min(before, 32);
    await crowd.until('everybody has the window', (count) => count.chunks === readers * shown);
    const inCrowd: number[] = [];
    // The first ones make the memory that later ones use again.
    const warm = Math.ceil(chunks / 4);
    for (let i = 0; i < warm; i++) inCrowd.push((await send(probe)).heardMs);
    memory.before = residentBytes(relay.pid);
    for (let i = warm; i < chunks; i++) {
      inCrowd.push((await send(probe)).heardMs);
      memory.most = Math.max(memory.most, residentBytes(relay.pid));
      if (i % 100 === 0) progress(`${i} chunks to ${readers} readers, ${Math.round(memory.most / 2 ** 20)} MiB`);
    }
    const heard = await crowd.until(
      'everybody has heard everything',
      (count) => count.states >= readers * chunks || count.ended > 0,
    );
    if (heard.chunks !== readers * (shown + chunks) || heard.states !== readers * chunks || heard.ended > 0)
      violations.push(`the crowd heard ${JSON.stringify(heard)} of ${chunks} chunks and ${readers} readers`);
    if (core.mostAtOnce > 200) violations.push(`the core was asked about ${core.mostAtOnce} readers at once`);
    const grown = memory.most - memory.before;
    if (grown > flatBytes) violations.push(`the relay grew by ${Math.round(grown / 2 ** 20)} MiB`);
    await crowd.leave();
    probe.close();
    return {
      section: 'relay',
      fault: `${readers} readers of one stream at a relay, ${chunks} chunks`,
      held: 'every reader hears of every chunk and of its end, in memory that stays',
      filesystem: 'loopback',
      rounds: chunks,
      acknowledged: heard.chunks + heard.states,
      violations,
      seed,
      alone,
      inCrowd,
      fetched,
      memory,
      note:
        `${mebibytes(memory.alone)} MiB with one reader, ${mebibytes(memory.before)} with all of them, at most ${mebibytes(memory.most)} since; ` +
        `from the last byte of a chunk to its event ${ms(alone)}, in the crowd ${ms(inCrowd)}, to the first byte of the fetched chunk ${ms(fetched)}`,
    };
  } finally {
    await relay.stop();
    core.close();
    folder.remove();
  }
}

const ms = (values: readonly number[]) =>
  `${quantile(values, 0.5).toFixed(1)} ms (p99 ${quantile(values, 0.99).toFixed(1)})`;
const mebibytes = (bytes: number) => Math.round(bytes / 2 ** 20);

function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}
