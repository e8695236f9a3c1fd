import type { ExportManifest } from '#client/lineage/export/export-manifest.ts';
import { showBytes } from '#recorder/measures.ts';
import { ProgressLine, terminalOf } from '#recorder/progress/progress-line.ts';
import { Rate } from '#recorder/progress/rate.ts';
import type { ExportEvent } from './export-runs.ts';

export interface ExportReporter {
  tell(event: ExportEvent): void;
  done(manifest: ExportManifest): void;
  /** Before anything is written by others. */
  stop(): void;
}

const plainEveryMs = 10_000;
const jsonEveryMs = 1_000;

/** A bar on a terminal and a line now and then elsewhere, on standard error; or events as JSON lines on standard output. */
export function exportReporter(json: boolean): ExportReporter {
  const rate = new Rate();
  const counted = { runs: 0, of: 0, bytes: 0, ofBytes: 0, copied: 0 };
  const terminal = terminalOf(process.stderr);
  const line = new ProgressLine(terminal, () => ({
    done: counted.bytes,
    total: counted.ofBytes,
    bytesPerSecond: rate.bytesPerSecond,
    growing: false,
    note: `${counted.runs} of ${counted.of} runs`,
  }));
  let spokeAt = Date.now();
  const write = (event: object) =>
    void process.stdout.write(`${JSON.stringify({ at: new Date().toISOString(), ...event })}\n`);
  return {
    tell(event) {
      if (event.event === 'listed') {
        [counted.of, counted.ofBytes] = [event.runs, event.bytes];
        if (json) write(event);
        else {
          line.start();
          line.say(`${counts(event.runs, event.services)}, ${showBytes(event.bytes)}`);
        }
        return;
      }
      counted.runs += 1;
      counted.bytes += event.bytes;
      rate.add(event.bytes);
      if (event.how === 'copied') counted.copied += 1;
      if (Date.now() - spokeAt < (json ? jsonEveryMs : plainEveryMs)) return;
      spokeAt = Date.now();
      if (json) write({ event: 'progress', runs: counted.runs, of_runs: counted.of, bytes: counted.bytes });
      else if (!terminal.isTTY) line.say(`  ${counted.runs} of ${counted.of} runs, ${showBytes(counted.bytes)}`);
    },
    done({ root, run_count, service_count, total_bytes }) {
      line.stop();
      const present = run_count - counted.copied;
      if (json) write({ event: 'done', service_count, run_count, total_bytes, copied: counted.copied, present, root });
      else
        process.stdout.write(
          `Exported ${counts(run_count, service_count)}, ${showBytes(total_bytes)}; ${present} from before.\nRoot ${root}\n`,
        );
    },
    stop: () => line.stop(),
  };
}

function counts(runs: number, services: number): string {
  return `${runs} ${runs === 1 ? 'run' : 'runs'} of ${services} ${services === 1 ? 'service' : 'services'}`;
}
