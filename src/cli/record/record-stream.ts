import { type Prepared, prepareRecording } from '#recorder/prepare-recording.ts';
import { terminalOf } from '#recorder/progress/progress-line.ts';
import { humanReporter, jsonReporter } from '#recorder/progress/record-reporter.ts';
import { outcomeMessage } from '#recorder/record-outcome.ts';
import { runRecording } from '#recorder/run-recording.ts';
import { stopOnSignals } from './stop-on-signals.ts';
import { announce, openSession, type Way } from './way.ts';

/** Records one stream. Returns the exit code. */
export async function recordStream(way: Way): Promise<number> {
  const { flags, inFlight, checkinFacts } = way;
  const prepared = await prepareRecording(flags);
  const { staging, source, resumed } = prepared;
  const reporter =
    flags.json === true
      ? jsonReporter((text) => void process.stdout.write(text))
      : humanReporter(terminalOf(process.stdout), startOf(prepared));
  const { report } = reporter;
  const stop = stopOnSignals(report);
  try {
    announce(prepared, report);
    const session = openSession(way, staging.state.server, report);
    const stops = { stopCapture: stop.capture, stopAll: stop.all };
    const outcome = await runRecording(
      { staging, source, session, report, checkinFacts, ...stops },
      { inFlight, resumed, liveLink: flags.liveLink === true },
    );
    await session?.leave();
    reporter.stop();
    return outcomeMessage(outcome, staging, flags, report);
  } finally {
    stop.forget();
    reporter.stop();
    await staging.close();
  }
}

function startOf({ staging, source }: Prepared): Parameters<typeof humanReporter>[1] {
  const sum = (chunks: readonly { byte_size: number }[]) =>
    chunks.reduce((total, { byte_size }) => total + byte_size, 0);
  const accepted = sum(staging.chunks.filter(({ fate }) => fate === 'accepted'));
  return { staged: sum(staging.chunks), accepted, capturing: source !== undefined, expected: source?.expectedBytes };
}
