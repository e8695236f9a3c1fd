import { isDeepStrictEqual } from 'node:util';
import { LiveClient, type LiveState, type ProoflineApi } from '#client/index.ts';

export interface LiveFigures {
  /** Chunks by the states that the reader heard of each, in order. */
  readonly heard: ReadonlyMap<number, readonly LiveState[]>;
  /** Chunks whose sealed bytes it fetched while they were not confirmed. */
  readonly fetchedEarly: number;
  readonly disconnects: number;
}

/** Somebody who reads along with one stream at the relay until the signal. Asks for a capability anew where one ended. */
export async function readAlong(
  api: ProoflineApi,
  place: { incidentId: string; streamId: string },
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<LiveFigures> {
  const heard = new Map<number, LiveState[]>();
  const figures = { fetchedEarly: 0, disconnects: 0 };
  const note = (index: number, state: LiveState) => {
    const states = heard.get(index) ?? [];
    if (states.at(-1) !== state) states.push(state);
    heard.set(index, states);
    if (isDeepStrictEqual(states, ['unconfirmed'])) say(`  reader    chunk ${index} is here, not confirmed yet`);
  };
  try {
    const { token, relay_url } = await api.createRelayCapability(place.incidentId, place.streamId, { kind: 'fanout' });
    const client = new LiveClient({ relayUrl: relay_url, token, ...place });
    for await (const event of client.follow({ signal })) {
      if (event.kind === 'disconnected') figures.disconnects += 1;
      if (event.kind === 'state') note(event.change.chunk_index, event.change.state);
      if (event.kind !== 'chunk') continue;
      const { chunk_index: index, sha256_hex, state } = event.chunk;
      note(index, state);
      if (state !== 'unconfirmed') continue;
      // Its digest is checked on the way; a chunk that is confirmed or gone by now says so.
      const fetched = await client.chunk(index, sha256_hex, signal).catch((error: Error) => error);
      if (!(fetched instanceof Error)) figures.fetchedEarly += 1;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return { heard, ...figures };
}
