import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { versitygwBinary } from '../needs.ts';
import { scratchFolder } from '../server.ts';
import { createBucket, listening, type TestS3, testKeys } from './s3-server.ts';
import { unusedPort } from './unused-port.ts';

/** Versity's gateway over a folder, where each bucket is one in it. Needs 'versitygw'. */
export async function startVersitygw(): Promise<TestS3 & { data: string }> {
  const binary = versitygwBinary();
  if (binary === undefined) throw new Error('versitygw is not installed: .ci/install-versitygw');
  const folder = scratchFolder('versitygw');
  const data = join(folder.path, 'data');
  mkdirSync(data);
  const port = await unusedPort();
  const child = spawn(binary, ['--port', `127.0.0.1:${port}`, '--quiet', '--keep-alive', 'posix', data], {
    env: { ROOT_ACCESS_KEY: testKeys.accessKey, ROOT_SECRET_KEY: testKeys.secretKey },
    stdio: 'ignore',
  });
  const exited = once(child, 'exit');
  const endpoint = `http://127.0.0.1:${port}`;
  await listening(port, 10_000);
  return {
    endpoint,
    ...testKeys,
    data,
    pids: [child.pid ?? 0],
    createBucket: (kind) => createBucket(endpoint, kind),
    async stop() {
      child.kill('SIGKILL');
      await exited;
      folder.remove();
    },
  };
}
