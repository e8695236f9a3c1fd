import { ProoflineNetworkError } from '../api/api-error.ts';

/** Lines without their ends. Throws when the text ends within a line: whoever wrote it was stopped. */
export async function* textLines(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  for await (const piece of body) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest + decoder.decode() !== '') throw new ProoflineNetworkError('connection', 'The answer ended within a line.');
}
