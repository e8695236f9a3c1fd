import { type Api, openIncident, openStream } from '../support/api.ts';
import { type SentChunk, sendChunk } from '../support/ledger.ts';
import type { Random } from '../support/random.ts';

/** What one incident of the load was sent, and what was heard. Lanes go step by step, so at most the last step is unanswered. */
export interface WorkedIncident {
  id: string;
  chunks: SentChunk[];
  /** asked: no answer came. */
  completion: 'none' | 'asked' | 'done';
  deletion: 'none' | 'asked' | 'decided';
  streamId: string;
}

type Sizes = readonly [number, ...number[]];

const sizes: Sizes = [100, 4096, 65_536, 65_536, 70_000, 300_000, 4_500_000];

export interface WorkOptions {
  /** Incidents of a lane. */
  turns?: number;
  /** Of the chunks. */
  sizes?: Sizes;
}

/** Uploads, retries, completes and deletes in three lanes, until the server is gone or every lane has done its turns. */
export async function work(
  as: Api,
  random: Random,
  name: string,
  options: WorkOptions = {},
): Promise<WorkedIncident[]> {
  const { turns = 5 } = options;
  const worked: WorkedIncident[] = [];
  const lane = async (laneName: string) => {
    for (let turn = 1; turn <= turns; turn++)
      worked.push(await workOnce(as, random, `${laneName}-${turn}`, worked, options.sizes ?? sizes));
  };
  const lanes = Array.from({ length: 3 }, (_, i) => lane(`${name}-${i}`));
  await Promise.allSettled(lanes);
  return worked.filter((incident, i) => worked.indexOf(incident) === i);
}

async function workOnce(
  as: Api,
  random: Random,
  name: string,
  worked: WorkedIncident[],
  sizes: Sizes,
): Promise<WorkedIncident> {
  const id = await openIncident(as);
  const streamId = await openStream(as, id);
  const incident: WorkedIncident = { id, streamId, chunks: [], completion: 'none', deletion: 'none' };
  // Before anything is sent: a lane that is cut off must leave it behind.
  worked.push(incident);
  const count = random.between(1, 4);
  for (let index = 1; index <= count; index++) {
    const size = random.pick(sizes);
    const chunk: SentChunk = { incidentId: id, streamId, index, size, key: `${name}-${index}` };
    incident.chunks.push(chunk);
    if ((await sendChunk(as, chunk)) === undefined) throw new Error('gone');
  }
  if (random.chance(0.7)) {
    incident.completion = 'asked';
    const path = `/v1/incidents/${id}/streams/${streamId}/complete`;
    const { status } = await as.call('POST', path, { expected_chunk_count: count });
    if (status === 200) incident.completion = 'done';
  }
  if (random.chance(0.6)) {
    incident.deletion = 'asked';
    const { status } = await as.call('POST', `/v1/incidents/${id}/deletion`, { allow_open: true });
    if (status === 202) incident.deletion = 'decided';
    // The worker looks every 100 ms; so that it is met at work.
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  return incident;
}
