import type { VariantName } from '#recorder/capture/variants.ts';
import { captureOutcomeMessage } from '#recorder/capture-outcome.ts';
import { prepareCapture } from '#recorder/prepare-capture.ts';
import { captureReporter } from '#recorder/progress/capture-reporter.ts';
import type { VariantProgress } from '#recorder/progress/capture-text.ts';
import { terminalOf } from '#recorder/progress/progress-line.ts';
import { jsonReporter } from '#recorder/progress/record-reporter.ts';
import { runCapture } from '#recorder/run-capture.ts';
import type { CaptureStaging } from '#recorder/staging/capture-staging.ts';
import { stopOnSignals } from './stop-on-signals.ts';
import { announce, openSession, type Way } from './way.ts';

/** Records one source as several variants. Returns the exit code. */
export async function recordCapture(way: Way): Promise<number> {
  const { flags, inFlight, checkinFacts } = way;
  const prepared = await prepareCapture(flags);
  const { staging, source, context, resumed, lateMs } = prepared;
  const variants = staging.variants.map((variant) => progressOf(staging, variant));
  const reporter =
    flags.json === true
      ? jsonReporter((text) => void process.stdout.write(text))
      : captureReporter(terminalOf(process.stdout), { variants, capturing: source !== undefined });
  const { report } = reporter;
  const stop = stopOnSignals(report);
  try {
    announce(prepared, report);
    const session = openSession(way, staging.state.server, report);
    const stops = { stopCapture: stop.capture, stopAll: stop.all };
    const outcome = await runCapture(
      { staging, source, context, session, report, checkinFacts, ...stops },
      { inFlight, resumed, lateMs, liveLink: flags.liveLink === true },
    );
    await session?.leave();
    reporter.stop();
    return captureOutcomeMessage(outcome, staging, flags, report);
  } finally {
    stop.forget();
    reporter.stop();
    await staging.close();
  }
}

function progressOf(staging: CaptureStaging, variant: VariantName): VariantProgress {
  const { chunks } = staging.stream(variant);
  const kept = chunks.filter(({ fate }) => fate !== 'dropped');
  const accepted = kept.filter(({ fate }) => fate === 'accepted');
  const bytes = (of: typeof chunks) => of.reduce((sum, { byte_size }) => sum + byte_size, 0);
  return {
    variant,
    staged: kept.length,
    stagedBytes: bytes(kept),
    accepted: accepted.length,
    acceptedBytes: bytes(accepted),
    dropped: chunks.length - kept.length,
  };
}
