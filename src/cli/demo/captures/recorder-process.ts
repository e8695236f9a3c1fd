import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { RecorderEvent } from '#recorder/recorder-event.ts';

/** `proofline record` as a process of its own; resolves with its exit code. What it says is also in the log. */
export async function runRecorder(
  args: readonly string[],
  logPath: string,
  onEvent: (event: RecorderEvent) => void,
): Promise<number | null> {
  const [script = ''] = process.argv.slice(1);
  const child = spawn(process.execPath, [...process.execArgv, script, 'record', '--json', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // A Ctrl-C is for the demo, which ends its processes itself.
    detached: true,
  });
  const log = createWriteStream(logPath);
  child.stderr.pipe(log, { end: false });
  createInterface({ input: child.stdout }).on('line', (line) => {
    log.write(`${line}\n`);
    onEvent(JSON.parse(line)); // the recorder of this very program wrote it
  });
  const [code] = (await once(child, 'close')) as [number | null];
  log.end();
  return code;
}
