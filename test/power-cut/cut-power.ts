import { openIncident, openStream } from '../support/api.ts';
import { type Finding, type Progress, silently } from '../support/finding.ts';
import {
  brokenChunk,
  brokenRetry,
  type PromisedFact,
  rowsWithoutBlob,
  type SentChunk,
  sendChunk,
} from '../support/ledger.ts';
import { type Random, seeded } from '../support/random.ts';
import type { Filesystem } from '../support/volume.ts';
import { completedStream, promiseSomething } from './promises.ts';
import { openRig, type Rig } from './rig.ts';

export interface PowerCutOptions {
  filesystem: Filesystem;
  /** single: one acknowledged request, then the cut. busy: 16 uploads in flight, then the cut at any instant. */
  mode: 'single' | 'busy';
  databaseApart: boolean;
  rounds: number;
  seed: number;
  /** Into the environment of the server that is cut, to make it forget its flushes. */
  sabotage?: Record<string, string>;
  /** Chunks alone, for a sabotage that is about them. */
  chunksOnly?: boolean;
  progress?: Progress;
}

interface Round {
  chunks: SentChunk[];
  facts: PromisedFact[];
  /** Accepted, and heard after the cut had begun. */
  inDoubt: number;
}

const uploadersAtOnce = 16;
/** Around every border of the writer: one byte, whole pages and not, each class of slot, and a body that goes through a file. */
const sizes = [1, 4095, 4096, 4097, 65_536, 70_000, 73_729, 300_000, 1_200_000, 5_000_000] as const;

export async function cutPower(options: PowerCutOptions): Promise<Finding> {
  const { filesystem, mode, rounds, seed, sabotage, progress = silently } = options;
  const random = seeded(seed);
  const violations: string[] = [];
  let acknowledged = 0;
  let inDoubt = 0;
  const rig = await openRig(options);
  try {
    const everything: SentChunk[] = [];
    for (let round = 1; round <= rounds; round++) {
      if (sabotage !== undefined) await restartSabotaged(rig, sabotage);
      const sent = await (mode === 'busy' ? busyRound : singleRound)(rig, random, options, `${seed}-${round}`);
      await rig.recover();
      await rig.start();
      inDoubt += sent.inDoubt;
      acknowledged += sent.facts.length + sent.chunks.filter(isAccepted).length;
      violations.push(...(await examine(rig, sent)));
      everything.push(...sent.chunks.filter(isAccepted));
      // What an earlier round was promised is looked at again, a few at a time; at the end, all of it.
      for (let i = 0; i < 2 && everything.length > 0; i++)
        violations.push(
          ...(await examine(rig, { chunks: [random.pick(atLeastOne(everything))], facts: [], inDoubt: 0 })),
        );
      if (round % 10 === 0) progress(`${filesystem} ${mode}: ${round}/${rounds} cuts, ${acknowledged} acknowledged`);
    }
    if (sabotage === undefined) violations.push(...(await examine(rig, { chunks: everything, facts: [], inDoubt: 0 })));
  } finally {
    await rig.close();
  }
  return {
    fault: `power cut, ${mode === 'busy' ? '16 uploads in flight' : 'right after one answer'}`,
    held: 'every acknowledged chunk and record is there, right, with its row; retries answer the same',
    filesystem: `${filesystem}${options.databaseApart ? ', database on another' : ''}`,
    rounds,
    acknowledged,
    violations,
    seed,
    ...(inDoubt === 0 ? {} : { note: `${inDoubt} answers came while the cut was under way and are not counted` }),
  };
}

async function singleRound(rig: Rig, random: Random, options: PowerCutOptions, name: string): Promise<Round> {
  if (options.chunksOnly !== true && random.chance(0.4)) {
    const fact = await promiseSomething(rig.ada, rig.server.url, random);
    await rig.cut();
    return { chunks: [], facts: [fact], inDoubt: 0 };
  }
  const { ada } = rig;
  const incidentId = await openIncident(ada);
  const streamId = await openStream(ada, incidentId);
  // One lands in new folders, two and three beside others.
  const count = random.pick([1, 1, 2, 3]);
  const chunks: SentChunk[] = [];
  for (let index = 1; index <= count; index++) {
    const size = options.chunksOnly === true ? 65_536 : random.pick(sizes);
    const chunk = { incidentId, streamId, index, size, key: `${name}-${index}` };
    chunks.push(chunk);
    await sendChunk(ada, chunk);
  }
  const facts: PromisedFact[] = [];
  if (options.chunksOnly !== true && random.chance(0.3)) {
    const path = `/v1/incidents/${incidentId}/streams/${streamId}/complete`;
    const done = await ada.call('POST', path, { expected_chunk_count: count });
    if (done.status === 200) facts.push(completedStream(incidentId, streamId, count));
  }
  await rig.cut();
  const unanswered = chunks.filter((chunk) => !isAccepted(chunk));
  if (unanswered.length > 0) throw new Error(`refused before any fault: ${unanswered[0]?.refused}`);
  return { chunks, facts, inDoubt: 0 };
}

/**
 * What is heard after the cut began is not counted: a machine without power answers nothing, and a kernel whose filesystem is being shut
 * down has been seen to report success for a flush that overlapped it. Such a chunk must be whole or absent, like one without an answer.
 */
async function busyRound(rig: Rig, random: Random, _options: PowerCutOptions, name: string): Promise<Round> {
  const { ada } = rig;
  const incidentId = await openIncident(ada);
  const chunks: SentChunk[] = [];
  let dark = false;
  const upload = async (lane: number) => {
    const streamId = await openStream(ada, incidentId).catch(() => undefined);
    // The cut may come before the first chunk.
    if (streamId === undefined) return;
    for (let index = 1; !dark; index++) {
      const size = random.chance(0.9) ? 65_536 : random.pick([1, 4097, 300_000, 1_200_000]);
      const chunk: SentChunk = { incidentId, streamId, index, size, key: `${name}-${lane}-${index}` };
      chunks.push(chunk);
      const answer = await sendChunk(ada, chunk);
      if (answer === undefined || answer.status >= 500) return;
    }
  };
  const lanes = Array.from({ length: uploadersAtOnce }, (_, lane) => upload(lane));
  // A cut before anything was acknowledged would prove nothing.
  for (let waited = 0; waited < 10_000 && !chunks.some(isAccepted); waited += 5)
    await new Promise((resolve) => setTimeout(resolve, 5));
  await new Promise((resolve) => setTimeout(resolve, random.between(0, 400)));
  const cutAt = performance.now();
  await rig.cut();
  dark = true;
  // A while for answers under way; an upload that hangs on the dead disk is ended with the server.
  await Promise.race([Promise.all(lanes), new Promise((resolve) => setTimeout(resolve, 300))]);
  await rig.server.kill();
  await Promise.allSettled(lanes);
  const late = chunks.filter(({ acceptedAt }) => acceptedAt !== undefined && acceptedAt >= cutAt);
  for (const chunk of late) delete chunk.accepted;
  return { chunks, facts: [], inDoubt: late.length };
}

async function examine(rig: Rig, { chunks, facts }: Round): Promise<string[]> {
  const violations: string[] = [];
  for (const incidentId of new Set(chunks.map((chunk) => chunk.incidentId)))
    violations.push(...(await rowsWithoutBlob(rig.ada, rig.dataDir, incidentId).catch(asViolation)));
  for (const chunk of chunks) {
    const broken = isAccepted(chunk) ? brokenChunk : brokenRetry;
    violations.push(...(await broken(rig.ada, rig.dataDir, chunk).catch(asViolation)));
  }
  for (const fact of facts) {
    const broken = await fact.broken(rig.ada).catch(String);
    if (broken !== undefined) violations.push(`${fact.name}: ${broken}`);
  }
  return violations;
}

async function restartSabotaged(rig: Rig, env: Record<string, string>): Promise<void> {
  await rig.server.stop();
  await rig.start(env);
}

function asViolation(error: unknown): string[] {
  return [String(error)];
}

function isAccepted(chunk: SentChunk): boolean {
  return chunk.accepted !== undefined;
}

/** `pick` wants to know that there is one. */
function atLeastOne<T>(list: T[]): [T, ...T[]] {
  const [first, ...rest] = list;
  if (first === undefined) throw new Error('nothing to pick from');
  return [first, ...rest];
}
