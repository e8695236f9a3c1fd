import { z } from 'zod';
import type { JobHandler } from '#features/jobs/index.ts';
import type { SaidText } from '../search/texts.store.ts';
import { documentJobHandler, type ProcessingDeps, versionBytes } from './document-job.ts';
import { isPlain } from './media-kinds.ts';
import { recordTextTransaction } from './processing.transactions.ts';
import { runParser } from './run-parser.ts';

/** What is kept of a text for finding the document by it. UTF-16 code units. */
export const maxTextCharacters = 1024 * 1024;
/** A character takes four bytes at most. */
const plainBytes = 4 * maxTextCharacters;

const shape = z.object({ body: z.string().max(maxTextCharacters), words: z.string().max(maxTextCharacters) });

/** Keeps what the current version says. A PDF that says nothing is a scan: its pages are looked at next. */
export function textHandler(deps: ProcessingDeps): JobHandler {
  const { config, metadata } = deps;
  return documentJobHandler(deps, { kind: 'text', of: 'the current version' }, async (job) => {
    const { version, context } = job;
    const mediaType = version.media_type;
    const atMost = isPlain(mediaType) ? plainBytes : config.maxInputBytes;
    const bytes = versionBytes(deps, version, atMost);
    const said = await readText(deps, mediaType, bytes, version.byte_size <= atMost, context.signal);
    const isScan = said.body === '' && mediaType === 'application/pdf' && (await deps.recognition) !== undefined;
    await metadata.write(recordTextTransaction, { ending: job.ending(isScan ? 'ocr' : 'topics'), said });
  });
}

/** What the bytes of a document say. `whole`: there are no more of them. Throws as runParser. */
export async function readText(
  { config }: Pick<ProcessingDeps, 'config'>,
  mediaType: string,
  bytes: AsyncIterable<Uint8Array>,
  whole: boolean,
  signal: AbortSignal,
): Promise<SaidText> {
  const task = { kind: 'text', mediaType, whole, maxCharacters: maxTextCharacters } as const;
  return await runParser(task, bytes, shape, config, signal);
}
