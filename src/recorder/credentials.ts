import { readFile } from 'node:fs/promises';
import type { Credentials } from './delivery/server-session.ts';
import { RecorderError } from './recorder-error.ts';

export interface CredentialFlags {
  readonly username?: string | undefined;
  readonly passwordFile?: string | undefined;
  readonly tokenFile?: string | undefined;
}

/** From files or the environment, never from the command line itself, where every process of the machine could read it. */
export async function readCredentials(flags: CredentialFlags, env: NodeJS.ProcessEnv): Promise<Credentials> {
  if (flags.tokenFile !== undefined) return { token: await secretFrom(flags.tokenFile, '--token-file') };
  const username = flags.username ?? env.PROOFLINE_USERNAME;
  const password =
    flags.passwordFile === undefined ? env.PROOFLINE_PASSWORD : await secretFrom(flags.passwordFile, '--password-file');
  if (username === undefined || password === undefined) {
    throw new RecorderError(
      'usage',
      'To sign in, give --username and the password in --password-file or PROOFLINE_PASSWORD, or a session token in --token-file.',
    );
  }
  return { username, password };
}

async function secretFrom(path: string, option: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch(() => {
    throw new RecorderError('no_input', `The file given with ${option} cannot be read.`);
  });
  return text.replace(/\r?\n$/, '');
}

/** True when what is sent to this address can be read on the way. */
export function isExposed(server: string): boolean {
  const url = new URL(server);
  return url.protocol === 'http:' && !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
}
