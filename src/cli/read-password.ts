import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { StartupError } from '#platform/process/startup-error.ts';

/** From a file (`-`: standard input), else asked for twice on a terminal without echo. A trailing line end is not part of it. */
export async function readPassword(file: string | undefined): Promise<string> {
  if (file !== undefined) {
    try {
      return readFileSync(file === '-' ? 0 : file, 'utf8').replace(/\r?\n$/, '');
    } catch (cause) {
      throw new StartupError('The password file cannot be read.', 'Check the path given with --password-file.', {
        cause,
      });
    }
  }
  if (!process.stdin.isTTY) {
    throw new StartupError(
      'There is no terminal to ask for the password on.',
      'Give it with --password-file FILE, or - for standard input.',
    );
  }
  const first = await ask('Password (12 to 72 bytes): ');
  if (first !== (await ask('Again: '))) throw new StartupError('The two entries differ.', 'Try again.');
  return first;
}

async function ask(question: string): Promise<string> {
  process.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    return await lines.question('');
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}
