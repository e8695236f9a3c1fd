import type { Tell, TransferEvent, TransferPhase } from '#compose/transfer/transfer-events.ts';
import { showBytes } from '#recorder/measures.ts';
import { ProgressLine, terminalOf } from '#recorder/progress/progress-line.ts';
import { Rate } from '#recorder/progress/rate.ts';

const words: Record<TransferPhase, string> = {
  rows: 'rows',
  blobs: 'copying',
  count: 'counting',
  'check-source': 'checking what there is',
  'verify-rows': 'comparing rows',
  'verify-blobs': 'verifying what was written',
  'clean-up': 'cleaning up',
};

export interface TransferReporter {
  tell: Tell;
  /** Before anything is written by others. */
  stop(): void;
}

interface Done {
  phase: TransferPhase | undefined;
  bytes: number;
  blobs: number;
  totalBytes: number;
  totalBlobs: number;
}

const plainEveryMs = 10_000;
const jsonEveryMs = 1_000;

/** A bar with bytes, rate and time left on a terminal, a line now and then elsewhere, on standard error; or events as JSON lines. */
export function transferReporter(json: boolean): TransferReporter {
  const done: Done = { phase: undefined, bytes: 0, blobs: 0, totalBytes: 0, totalBlobs: 0 };
  return json ? jsonReporter(done) : humanReporter(done);
}

function humanReporter(done: Done): TransferReporter {
  const terminal = terminalOf(process.stderr);
  let rate = new Rate();
  let spokeAt = Date.now();
  const line = new ProgressLine(terminal, () => ({
    done: done.bytes,
    total: done.totalBytes,
    bytesPerSecond: rate.bytesPerSecond,
    growing: false,
    ...(done.phase === undefined ? {} : { note: words[done.phase] }),
  }));
  line.start();
  return {
    tell: (event) => {
      count(done, event);
      if (event.event === 'phase') {
        rate = new Rate();
        spokeAt = Date.now();
        line.say(
          event.blobs === undefined
            ? words[event.phase]
            : `${words[event.phase]}: ${event.blobs} blobs, ${showBytes(event.bytes ?? 0)}`,
        );
      } else if (event.event === 'blob') {
        rate.add(event.bytes);
        if (terminal.isTTY || Date.now() - spokeAt < plainEveryMs) return;
        spokeAt = Date.now();
        line.say(`  ${showBytes(done.bytes)} of ${showBytes(done.totalBytes)}, ${showBytes(rate.bytesPerSecond)}/s`);
      } else if (event.event === 'damage') line.say(`  ${event.id}: its bytes are ${event.found}`);
      else if (event.event === 'notice') line.say(`  ${event.message}`);
    },
    stop: () => line.stop(),
  };
}

function jsonReporter(done: Done): TransferReporter {
  const write = (value: object) =>
    process.stdout.write(`${JSON.stringify({ at: new Date().toISOString(), ...value })}\n`);
  let spokeAt = Date.now();
  return {
    tell: (event) => {
      count(done, event);
      if (event.event !== 'blob') {
        write(event);
        return;
      }
      if (Date.now() - spokeAt < jsonEveryMs) return;
      spokeAt = Date.now();
      write({ event: 'progress', phase: done.phase, blobs: done.blobs, bytes: done.bytes, of_bytes: done.totalBytes });
    },
    stop: () => undefined,
  };
}

function count(done: Done, event: TransferEvent): void {
  if (event.event === 'blob') {
    done.bytes += event.bytes;
    done.blobs += 1;
  } else if (event.event === 'phase') {
    done.phase = event.phase;
    done.bytes = 0;
    done.blobs = 0;
    done.totalBytes = event.bytes ?? 0;
    done.totalBlobs = event.blobs ?? 0;
  }
}
