import './without-network.ts';
import { Console } from 'node:console';
import { type ParserAnswer, type ParserFault, ParserGaveUp, type ParserTask } from './parser-task.ts';
import { readInput } from './read-input.ts';

/** Runs in a limited child of its own: one task, its bytes on standard input, one line of JSON on standard output. */
globalThis.console = new Console(process.stderr);

// The parent wrote it, and nothing of a document is in it.
const task = JSON.parse(process.argv[2] ?? '') as ParserTask;

type Work = (input: Buffer) => unknown;

async function workOf(task: ParserTask): Promise<Work> {
  switch (task.kind) {
    case 'sniff': {
      const { sniffBytes } = await import('./sniff-bytes.ts');
      return (input) => sniffBytes(input, task.whole);
    }
    case 'text': {
      const { textOf } = await import('./text-of.ts');
      return (input) => textOf(input, task);
    }
    case 'thumbnail': {
      const { thumbnailOf } = await import('./thumbnail-of.ts');
      return (input) => thumbnailOf(input, task);
    }
    case 'page': {
      const { pageImage } = await import('./page-image.ts');
      return (input) => pageImage(input, task);
    }
    case 'topics': {
      const { suggestTopics } = await import('./suggest-topics.ts');
      return (input) => suggestTopics(JSON.parse(input.toString('utf8')));
    }
  }
}

/** The parser itself is at fault, or not whole. */
const own = new Set(['ERR_ACCESS_DENIED', 'ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND', 'ERR_DLOPEN_FAILED']);

function faultOf(error: unknown): ParserFault {
  if (error instanceof ParserGaveUp) return error.fault;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (own.has(code)) throw error;
  const words = error instanceof Error ? `${error.message} ${code}` : '';
  return /allocat|out of memory|ENOMEM|Invalid array length/i.test(words) ? 'memory' : 'unreadable';
}

// What cannot be loaded is no fault of the document: it ends this process, and its answer is missing.
const work = await workOf(task);
let answer: ParserAnswer;
try {
  answer = { ok: true, value: await work(await readInput()) };
} catch (error) {
  process.stderr.write(`${error}\n`);
  answer = { ok: false, fault: faultOf(error) };
}
process.stdout.write(`${JSON.stringify(answer)}\n`, () => process.exit(0));
