import { connect } from 'node:net';

export interface RawAnswer {
  status: number;
  /** As it came, head and body. */
  text: string;
  code: string;
}

/** Bytes as no well-behaved client sends them, and all that comes back until the server closes or falls silent. */
export async function sendRaw(
  url: string,
  pieces: readonly (string | Uint8Array)[],
  quietMs = 2_000,
): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  const text = await new Promise<string>((resolve, reject) => {
    const parts: Buffer[] = [];
    const socket = connect({ host: hostname, port: Number(port) });
    const done = () => {
      socket.destroy();
      resolve(Buffer.concat(parts).toString('latin1'));
    };
    socket.setTimeout(quietMs, done);
    socket.on('data', (part) => parts.push(part));
    socket.on('end', done);
    socket.on('error', (error) => (parts.length > 0 ? done() : reject(error)));
    socket.on('connect', () => {
      for (const piece of pieces) socket.write(piece);
    });
  });
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0),
    text,
    code: /"code":"([a-z_]+)"/.exec(text)?.[1] ?? '',
  };
}
