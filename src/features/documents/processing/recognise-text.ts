import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ChildFailure, runLimited } from '#platform/process/limited-child/limited-child.ts';
import type { ProcessingConfig } from './processing.config.ts';
import { processingFailure } from './run-parser.ts';

/** Reads the characters on the image of a page. */
export interface Recognition {
  /** The PNG is one that a parser made. Throws JobFailure. */
  recognise(png: Buffer, signal: AbortSignal): Promise<string>;
}

/** Of the text of a page. Bytes. */
const outputBytes = 4 * 1024 * 1024;

/** Asks tesseract, once, what it can; undefined where it is not installed or knows none of the languages. */
export async function findRecognition(config: ProcessingConfig): Promise<Recognition | undefined> {
  if (config.ocrPages === 0) return undefined;
  const installed = await installedLanguages();
  const languages = config.ocrLanguages.split('+').filter((language) => installed.includes(language));
  if (languages.length === 0) return undefined;
  return { recognise: (png, signal) => recognise(png, languages.join('+'), config, signal) };
}

async function installedLanguages(): Promise<string[]> {
  try {
    const { stdout } = await promisify(execFile)('tesseract', ['--list-langs'], { timeout: 10_000 });
    return stdout.split('\n').map((line) => line.trim());
  } catch {
    // Not installed, or not so that it runs.
    return [];
  }
}

async function recognise(
  png: Buffer,
  languages: string,
  { timeoutMs, memoryBytes }: ProcessingConfig,
  signal: AbortSignal,
): Promise<string> {
  try {
    const output = await runLimited({
      command: 'tesseract',
      args: ['stdin', 'stdout', '-l', languages],
      // Jobs run beside one another; threads within one are not worth their memory.
      env: { OMP_THREAD_LIMIT: '1' },
      input: onePiece(png),
      limits: { timeoutMs, dataBytes: memoryBytes, outputBytes },
      signal,
    });
    return output.toString('utf8').replaceAll('\f', '').trim();
  } catch (error) {
    throw error instanceof ChildFailure ? processingFailure(error.fault, error) : error;
  }
}

async function* onePiece(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
