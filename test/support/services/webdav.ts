import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { scratchFolder } from '../server.ts';
import { listening } from './s3-server.ts';
import { unusedPort } from './unused-port.ts';

/** A real WebDAV server of its own on 127.0.0.1, over a folder that tests can look into. Needs 'rclone'. */
export interface TestWebdav {
  readonly endpoint: string;
  readonly username: string;
  readonly password: string;
  /** What it serves. */
  readonly files: string;
  stop(): Promise<void>;
}

export async function startWebdav(): Promise<TestWebdav> {
  const folder = scratchFolder('webdav');
  const files = join(folder.path, 'files');
  mkdirSync(files);
  const port = await unusedPort();
  const [username, password] = ['dav-user', 'canary-dav-password'];
  const args = ['serve', 'webdav', files, '--addr', `127.0.0.1:${port}`, '--baseurl', '/remote.php/dav/files/ada'];
  const child = spawn('rclone', [...args, '--dir-cache-time', '0s', '--vfs-cache-mode', 'off'], {
    // Neither credentials in its arguments nor a configuration of the machine's own.
    env: {
      PATH: process.env.PATH,
      HOME: folder.path,
      RCLONE_CONFIG: join(folder.path, 'none.conf'),
      RCLONE_USER: username,
      RCLONE_PASS: password,
    },
    stdio: 'ignore',
  });
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  const stop = async () => {
    child.kill('SIGKILL');
    await exited;
    folder.remove();
  };
  try {
    await listening(port, 20_000);
  } catch (error) {
    await stop();
    throw error;
  }
  return { endpoint: `http://127.0.0.1:${port}/remote.php/dav/files/ada`, username, password, files, stop };
}
