import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { repository, scratchFolder } from '../support/server.ts';

/** Once, the first log line that could not be written left a process that neither answered nor ended. */
test('the server answers and ends when its log cannot be written', async (t) => {
  if (!existsSync('/dev/full')) return t.skip('needs /dev/full (Linux)');
  const folder = scratchFolder('full-log');
  const [port, adminPort] = [await freePort(), await freePort()];
  const full = openSync('/dev/full', 'w');
  const child = spawn(process.execPath, [join(repository, 'src/main.ts'), 'serve'], {
    env: {
      PATH: process.env.PATH,
      SAFE_DATA_DIR: folder.path,
      SAFE_MAIN_BIND_ADDRS: `127.0.0.1:${port}`,
      SAFE_ADMIN_BIND_ADDRS: `127.0.0.1:${adminPort}`,
    },
    stdio: ['ignore', full, 'inherit'],
  });
  closeSync(full);
  const exited = once(child, 'exit');
  try {
    const status = await untilAnswered(`http://127.0.0.1:${adminPort}/admin/health/ready`);
    assert.equal(status, 200);
    child.kill('SIGTERM');
    const [code] = await Promise.race([
      exited,
      new Promise<[string]>((resolve) => setTimeout(resolve, 10_000, ['hangs'])),
    ]);
    assert.equal(code, 0);
  } finally {
    child.kill('SIGKILL');
    folder.remove();
  }
});

async function untilAnswered(url: string): Promise<number | undefined> {
  for (let attempt = 0; attempt < 80; attempt++) {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
    if (answer !== undefined) return answer.status;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  return undefined;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
