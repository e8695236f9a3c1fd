import { z } from 'zod';
import type { JobHandler } from '#features/jobs/index.ts';
import { saidText } from '../search/texts.store.ts';
import { documentJobHandler, type ProcessingDeps, versionBytes } from './document-job.ts';
import { isPlain } from './media-kinds.ts';
import { recordTextTransaction } from './processing.transactions.ts';
import { runParser } from './run-parser.ts';

/** What is kept of a text for finding the document by it. UTF-16 code units. */
export const maxTextCharacters = 1024 * 1024;
/** A character takes four bytes at most. */
const plainBytes = 4 * maxTextCharacters;

const shape = z.object({ text: z.string().max(maxTextCharacters), cut: z.boolean() });

/** Keeps what the current version says. A PDF that says nothing is a scan: its pages are looked at next. */
export function textHandler(deps: ProcessingDeps): JobHandler {
  const { config, metadata } = deps;
  return documentJobHandler(deps, { kind: 'text', of: 'the current version' }, async (job) => {
    const { version, context } = job;
    const mediaType = version.media_type;
    const atMost = isPlain(mediaType) ? plainBytes : config.maxInputBytes;
    const whole = version.byte_size <= atMost;
    const task = { kind: 'text', mediaType, whole, maxCharacters: maxTextCharacters } as const;
    const { text } = await runParser(task, versionBytes(deps, version, atMost), shape, config, context.signal);
    const isScan = text === '' && mediaType === 'application/pdf' && (await deps.recognition) !== undefined;
    await metadata.write(recordTextTransaction, {
      ending: job.ending(isScan ? 'ocr' : 'topics'),
      said: saidText(text),
    });
  });
}
