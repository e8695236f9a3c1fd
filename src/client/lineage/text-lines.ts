import { ProoflineNetworkError } from '../api/api-error.ts';

/**
 * Lines without their ends. Throws when the text ends within a line, as whoever wrote it was stopped then, and when nothing comes for
 * longer than `idleMs`.
 */
export async function* textLines(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  idleMs: number,
): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const reader = body.getReader();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await within(idleMs, reader.read());
      if (done) break;
      const lines = (rest + decoder.decode(value, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
    if (rest + decoder.decode() !== '')
      throw new ProoflineNetworkError('connection', 'The answer ended within a line.');
  } finally {
    // Of a stream that failed there is nothing to cancel; its failure was thrown above.
    await reader.cancel().catch(() => undefined);
  }
}

function within<T>(ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new ProoflineNetworkError('timeout', 'The answer stopped in the middle.'));
    const timer = setTimeout(late, ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
