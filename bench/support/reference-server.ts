/**
 * The reference: a bare node:http server on the promise API. PUT stores the body durably (open, write, fsync, link, unlink, fsync of
 * the folder) without a row and without asking who it is; GET streams one file and hashes it. Arguments: folder, file to serve.
 */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { link, mkdir, open, stat, unlink } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

const [folder = '.', file = ''] = process.argv.slice(2);
await mkdir(join(folder, 'staging'), { recursive: true });
await mkdir(join(folder, 'blobs'), { recursive: true });

const server = createServer((request, response) => {
  (request.method === 'PUT' ? store(request, response) : send(response)).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    response.destroy();
  });
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ port: (server.address() as AddressInfo).port })}\n`); // listening on TCP
});

async function store(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer); // no encoding is set, so parts are Buffers
  const body = Buffer.concat(parts);
  const sha256 = createHash('sha256').update(body).digest('hex');
  const name = randomBytes(12).toString('hex');
  const staged = join(folder, 'staging', name);
  const handle = await open(staged, 'wx');
  await handle.write(body);
  await handle.sync();
  await handle.close();
  await link(staged, join(folder, 'blobs', name));
  await unlink(staged);
  const directory = await open(join(folder, 'blobs'), 'r');
  await directory.sync();
  await directory.close();
  const text = JSON.stringify({ name, sha256, size: body.length });
  response.writeHead(201, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}

async function send(response: ServerResponse): Promise<void> {
  const { size } = await stat(file);
  response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': size });
  const hash = createHash('sha256');
  for await (const part of createReadStream(file, { highWaterMark: 256 * 1024 })) {
    hash.update(part as Buffer);
    if (!response.write(part)) await new Promise((resolve) => response.once('drain', resolve));
  }
  hash.digest();
  response.end();
}
