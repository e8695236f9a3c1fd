import { ProgressLine, terminalOf } from '#recorder/progress/progress-line.ts';
import { Rate } from '#recorder/progress/rate.ts';
import { showName } from '../show-name.ts';

export interface TransferReporter {
  total(files: number, bytes: number): void;
  bytes(bytes: number): void;
  /** A file is through. `trouble` is said to the person at once. */
  file(event: object, trouble?: string): void;
  done(event: object, words: string): void;
  /** Before anything is written by others. */
  stop(): void;
}

const plainEveryMs = 10_000;

/** A bar on a terminal and a line now and then elsewhere, on standard error; or each event as a JSON line on standard output. */
export function transferReporter(json: boolean): TransferReporter {
  const rate = new Rate();
  const counted = { files: 0, of: 0, bytes: 0, ofBytes: 0 };
  const terminal = terminalOf(process.stderr);
  const line = new ProgressLine(terminal, () => ({
    done: counted.bytes,
    total: counted.ofBytes,
    bytesPerSecond: rate.bytesPerSecond,
    growing: false,
    note: `${counted.files} of ${counted.of} files`,
  }));
  let spokeAt = Date.now();
  const write = (event: object) =>
    void process.stdout.write(`${JSON.stringify({ at: new Date().toISOString(), ...event })}\n`);
  return {
    total(files, bytes) {
      [counted.of, counted.ofBytes] = [files, bytes];
      if (json) write({ event: 'listed', files, bytes });
      else line.start();
    },
    bytes(bytes) {
      counted.bytes += bytes;
      rate.add(bytes);
    },
    file(event, trouble) {
      counted.files += 1;
      if (json) write(event);
      else if (trouble !== undefined) line.say(`  ${showName(trouble)}`);
      if (json || terminal.isTTY || Date.now() - spokeAt < plainEveryMs) return;
      spokeAt = Date.now();
      line.say(`  ${counted.files} of ${counted.of} files`);
    },
    done(event, words) {
      line.stop();
      if (json) write({ event: 'done', ...event });
      else process.stdout.write(`${words}\n`);
    },
    stop: () => line.stop(),
  };
}
