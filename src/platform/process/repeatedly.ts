export interface Repetition {
  /** Ends after the current turn. */
  stop(): Promise<void>;
}

export interface RepetitionLog {
  error(fields: object, message: string): void;
}

/** Runs the work at once, and again so many milliseconds after each end. A turn that fails is logged, and the next one tries again. */
export function repeatedly(
  name: string,
  intervalMs: number,
  work: (signal: AbortSignal) => Promise<unknown>,
  log: RepetitionLog,
): Repetition {
  const ending = new AbortController();
  const loop = repeat(name, intervalMs, work, ending.signal, log);
  return {
    stop: async () => {
      ending.abort();
      await loop;
    },
  };
}

async function repeat(
  name: string,
  intervalMs: number,
  work: (signal: AbortSignal) => Promise<unknown>,
  signal: AbortSignal,
  log: RepetitionLog,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await work(signal);
    } catch (error) {
      log.error({ err: error, worker: name }, 'a worker turn failed and will be tried again');
    }
    await pause(intervalMs, signal);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
