import { type ChunkFacts, chunkHeaders } from './chunk-facts.ts';
import { type CallOptions, pathOf, type Transport } from './transport.ts';
import * as wire from './wire.ts';

export interface UploadCall extends CallOptions {
  /** 1 to 255 visible ASCII characters. With one, the same upload may be sent again without harm. */
  readonly idempotencyKey?: string;
}

export interface Accepted {
  readonly chunk: wire.Chunk;
  /** True when this very upload had been accepted before, and the earlier answer came again. */
  readonly replayed: boolean;
}

/** One chunk as the body of a request, to the core (`/v1`) or to a relay (`/relay/v1`). */
export async function putChunk(
  transport: Transport,
  root: '/v1' | '/relay/v1',
  facts: ChunkFacts,
  bytes: Uint8Array<ArrayBuffer>,
  options: UploadCall,
): Promise<Accepted> {
  const path = `${root}${pathOf('incidents', facts.incident_id, 'streams', facts.stream_id, 'chunks', facts.chunk_index)}`;
  const headers = { ...chunkHeaders(facts), ...keyHeader(options) };
  return accepted(await transport.json(wire.chunk, { ...options, method: 'PUT', path, headers, body: bytes }));
}

export function keyHeader(options: UploadCall): Record<string, string> {
  return options.idempotencyKey === undefined ? {} : { 'idempotency-key': options.idempotencyKey };
}

export function accepted({ value, answer }: { value: wire.Chunk; answer: Response }): Accepted {
  return { chunk: value, replayed: answer.headers.get('idempotency-replayed') === 'true' };
}
