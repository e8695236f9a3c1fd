import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { JobFailure } from '#features/jobs/index.ts';
import { ChildFailure, runLimited } from '#platform/process/limited-child/limited-child.ts';
import { threadModule } from '#platform/process/thread-module.ts';
import type { ParserFault, ParserTask } from './parser/parser-task.ts';
import { parserFlags } from './parser-flags.ts';
import type { ProcessingConfig } from './processing.config.ts';

const script = fileURLToPath(threadModule(import.meta.url, 'parser/parser.child'));

/** What V8 sets aside for code that it compiles, and what an empty process has of its own; it counts as data, touched or not. Bytes. */
const runtimeBytes = 640 * 1024 * 1024;
/** Of a page as PNG, in base64. Bytes. */
const outputBytes = 32 * 1024 * 1024;

const answerShape = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), value: z.unknown() }),
  z.object({ ok: z.literal(false), fault: z.enum(['unreadable', 'protected', 'too_large', 'memory', 'unsupported']) }),
]);

const reasons: Record<ParserFault | ChildFailure['fault'], string> = {
  unreadable: 'The document is damaged, or is not what it says that it is.',
  protected: 'The document is protected with a password.',
  too_large: 'The document unpacks to more than can be read.',
  unsupported: 'Nothing here reads documents of this type.',
  memory: 'Reading the document took more memory than is allowed.',
  timeout: 'Reading the document took longer than is allowed.',
  output: 'Reading the document gave more than is allowed.',
  crashed: 'The program that reads the document ended unexpectedly.',
};

/** Parks the job: another attempt on the same bytes would come to the same. */
export function processingFailure(fault: ParserFault | ChildFailure['fault'], cause?: unknown): JobFailure {
  return new JobFailure(`processing_${fault}`, reasons[fault], { cause });
}

/**
 * Has a limited child do one task on bytes that nobody vouches for. What it answers is only as good as it is: the shape is checked, and it is
 * about nothing but the document whose bytes it got. Throws JobFailure with a code `processing_…`, and what reading the input throws.
 */
export async function runParser<Value>(
  task: ParserTask,
  input: AsyncIterable<Uint8Array>,
  shape: z.ZodType<Value>,
  config: Pick<ProcessingConfig, 'timeoutMs' | 'memoryBytes'>,
  signal: AbortSignal,
): Promise<Value> {
  const output = await limited(task, input, config, signal);
  const answer = answerShape.safeParse(parsed(output));
  if (!answer.success) throw processingFailure('crashed', answer.error);
  if (!answer.data.ok) throw processingFailure(answer.data.fault);
  const value = shape.safeParse(answer.data.value);
  if (!value.success) throw processingFailure('crashed', value.error);
  return value.data;
}

async function limited(
  task: ParserTask,
  input: AsyncIterable<Uint8Array>,
  { timeoutMs, memoryBytes }: Pick<ProcessingConfig, 'timeoutMs' | 'memoryBytes'>,
  signal: AbortSignal,
): Promise<Buffer> {
  const heap = Math.floor((0.75 * memoryBytes) / 2 ** 20);
  const args = [`--max-old-space-size=${heap}`, ...parserFlags(script, isNative(task)), script, JSON.stringify(task)];
  const limits = { timeoutMs, dataBytes: runtimeBytes + memoryBytes, outputBytes };
  // The C library would set memory aside for each thread.
  const env = { MALLOC_ARENA_MAX: '2', UV_THREADPOOL_SIZE: '2' };
  try {
    return await runLimited({ command: process.execPath, args, env, input, limits, signal });
  } catch (error) {
    throw error instanceof ChildFailure ? processingFailure(error.fault, error) : error;
  }
}

/** Only images need it. */
const isNative = ({ kind }: ParserTask) => kind === 'thumbnail' || kind === 'page';

function parsed(output: Buffer): unknown {
  try {
    return JSON.parse(output.toString('utf8'));
  } catch {
    return undefined;
  }
}
