import type { Report } from '#recorder/recorder-event.ts';

/** The first signal ends the capture, the second everything. SIGTERM leaves no time, and stops at once. */
export function stopOnSignals(report: Report): { capture: AbortSignal; all: AbortSignal; forget: () => void } {
  const capture = new AbortController();
  const all = new AbortController();
  const atOnce = () => all.abort(new DOMException('Stopped.', 'AbortError'));
  const gently = () => {
    if (capture.signal.aborted) return atOnce();
    capture.abort(new DOMException('Stopped.', 'AbortError'));
    report({
      event: 'notice',
      message:
        'Ending the recording, and delivering what is left if there is a server. Press Ctrl-C again to stop at once.',
    });
  };
  process.on('SIGINT', gently).on('SIGTERM', atOnce);
  return {
    capture: capture.signal,
    all: all.signal,
    forget: () => void process.off('SIGINT', gently).off('SIGTERM', atOnce),
  };
}
