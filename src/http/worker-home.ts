import { Problem } from '#kit/errors.ts';
import type { Home, RequestFacts } from './home.ts';

export interface WorkerHome extends Home {
  /** For the line in the log, once it is answered. */
  factsOf(request: Request): RequestFacts;
}

/** A Worker, or whatever else has the web platform's requests and nothing more. */
export function workerHome(): WorkerHome {
  const known = new WeakMap<Request, RequestFacts>();
  const factsOf = (request: Request): RequestFacts => {
    // Limits by address are the edge's, which is nearer to it.
    const facts = known.get(request) ?? { peer: '', route: '' };
    known.set(request, facts);
    return facts;
  };
  return {
    factsOf,
    request: (c) => factsOf(c.req.raw),
    authorization: (c) => c.req.header('authorization'),
    readBody: async (c, maxBytes) => await readWebBody(c.req.raw, maxBytes),
    // Answers are whole values here: none has begun before the handler returned it.
    breakOff: () => undefined,
  };
}

/** So much of a body that is too large is taken and thrown away: who is still writing would not read the answer. Bytes. */
const drainBytes = 64 * 1024 * 1024;

async function readWebBody({ body, headers }: Request, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  if (Number(headers.get('content-length') ?? 0) > maxBytes + drainBytes) throw new Problem('request_too_large');
  const parts: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop early ends the stream.
  for await (const part of body ?? []) {
    size += part.length;
    if (size > maxBytes + drainBytes) break;
    if (size <= maxBytes) parts.push(part);
    else parts.length = 0;
  }
  if (size > maxBytes) throw new Problem('request_too_large');
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
