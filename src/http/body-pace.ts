import type { IncomingMessage, ServerResponse } from 'node:http';
import { Problem } from '#kit/errors.ts';
import { problemBody } from './reply.ts';

/** A body may take as long as it likes while it keeps coming: after the grace, at least this many bytes a second over all. */
const graceMs = 20_000;
const bytesPerSecond = 500;
const checkEveryMs = 1_000;

interface Body {
  incoming: IncomingMessage;
  outgoing: ServerResponse;
  /** Time in which the server was reading; while it holds a body back, the client is not to blame. */
  readingMs: number;
  /** Socket bytes when this request began; the socket counts, so nothing is added to the path of the data. */
  from: number;
}

const bodies = new Set<Body>();
let timer: NodeJS.Timeout | undefined;

/** Answers 408 and cuts the connection when a request body arrives slower than the minimum rate. */
export function watchPace(incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { headers } = incoming;
  if (
    headers['content-length'] === '0' ||
    (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined)
  )
    return;
  const body = { incoming, outgoing, readingMs: 0, from: incoming.socket.bytesRead };
  bodies.add(body);
  const done = () => {
    bodies.delete(body);
    if (bodies.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
  incoming.once('end', done).once('close', done);
  timer ??= setInterval(checkAll, checkEveryMs).unref();
}

function checkAll(): void {
  for (const body of bodies) {
    if (body.incoming.readableFlowing !== true) continue;
    body.readingMs += checkEveryMs;
    const arrived = body.incoming.socket.bytesRead - body.from;
    if (arrived < ((body.readingMs - graceMs) / 1000) * bytesPerSecond) end(body);
  }
}

function end({ incoming, outgoing }: Body): void {
  if (outgoing.headersSent) {
    incoming.destroy();
    return;
  }
  const text = JSON.stringify(problemBody(new Problem('request_timeout')));
  outgoing.writeHead(408, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
    Connection: 'close',
  });
  outgoing.end(text, () => incoming.destroy());
}
