import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { sha256Hex } from './support/client.ts';
import { openWorld, type World } from './support/world.ts';
import { readZip } from './support/zip.ts';

let world: World;
before(async () => {
  world = await openWorld('slow');
});
after(() => world.close());

const mebibyte = 1024 * 1024;
const residentBytes = () =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${world.server.pid}/status`, 'utf8'))?.[1]) * 1024;

/** Asks for a download, waits for its first bytes and reads no further. */
async function standStill(path: string): Promise<Socket> {
  const { hostname, port } = new URL(world.server.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${world.ada.token}\r\n\r\n`);
  await once(socket, 'readable');
  return socket;
}

test('many who ask for bundles and do not read: others get theirs whole, memory stays bounded, and leaving frees it', async () => {
  const incident = await world.ada.incident();
  const { id } = await world.ada.filledStream(incident, 12, 'video', mebibyte);
  await world.ada.complete(incident, id, 12);
  const path = `/v1/incidents/${incident}/streams/${id}/download`;
  const whole = (await world.ada.get(path)).bytes;
  assert.equal((await readZip(whole)).length, 13);
  // In the first round the heap of a young process grows by itself; what readers hold would grow it again in each.
  for (let round = 0; round < 3; round++) {
    const before = residentBytes();
    const still = await Promise.all(Array.from({ length: 40 }, () => standStill(path)));
    const others = await Promise.all(Array.from({ length: 4 }, () => world.ada.get(path)));
    for (const { bytes } of others) assert.equal(sha256Hex(bytes), sha256Hex(whole));
    const grown = residentBytes() - before;
    assert.ok(grown < (round === 0 ? 160 : 64) * mebibyte, `${Math.round(grown / mebibyte)} MiB for 40 readers`);
    for (const socket of still) socket.destroy();
  }
  assert.equal(sha256Hex((await world.ada.get(path)).bytes), sha256Hex(whole));
});
