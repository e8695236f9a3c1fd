import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { openLineagePython } from '../support/needs.ts';
import type { CapturedRequest } from './captured-request.ts';

/**
 * Writes openlineage-requests.json: what OpenLineage's Python client sends, byte for byte, for tests on machines that lack it.
 * `.ci/install-openlineage && node test/lineage/capture-openlineage.ts`
 */
const python = openLineagePython();
if (python === undefined) throw new Error('run .ci/install-openlineage first');
const requests: CapturedRequest[] = [];
const server = createServer(async (incoming, outgoing) => {
  const body = await buffer(incoming);
  const wanted = ['content-type', 'content-encoding', 'authorization'];
  requests.push({
    method: incoming.method ?? '',
    path: incoming.url ?? '',
    headers: Object.fromEntries(
      wanted.flatMap((name) => {
        const value = incoming.headers[name];
        return typeof value === 'string' ? [[name, value]] : [];
      }),
    ),
    body: body.toString('base64'),
  });
  outgoing.writeHead(201).end();
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address() as AddressInfo; // listening on TCP, so never a string or null
// Elsewhere, as the client looks for a configuration and a repository where it is started.
await promisify(execFile)(python, [join(import.meta.dirname, 'emit.py'), `http://127.0.0.1:${port}`, 'emitter'], {
  cwd: tmpdir(),
});
server.close();
writeFileSync(join(import.meta.dirname, 'openlineage-requests.json'), `${JSON.stringify(requests, null, 2)}\n`);
