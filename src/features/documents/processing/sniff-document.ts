import { z } from 'zod';
import type { JobHandler, JobKind } from '#features/jobs/index.ts';
import { documentJobHandler, type ProcessingDeps, versionBytes } from './document-job.ts';
import { hasText, hasThumbnail, isImage, isPlain, refineText } from './media-kinds.ts';
import { recordSniffTransaction } from './processing.transactions.ts';
import { runParser } from './run-parser.ts';

/** Every format shows itself within that. Bytes. */
const headBytes = 1024 * 1024;

const shape = z.object({ mediaType: z.string().regex(/^[\w.+-]{1,60}\/[\w.+-]{1,100}$/), isText: z.boolean() });

/** Finds what a version really is, and puts down what can be done with that. */
export function sniffHandler(deps: ProcessingDeps): JobHandler {
  const { config, metadata } = deps;
  return documentJobHandler(deps, { kind: 'sniff', of: 'any version' }, async (job) => {
    const { document, version, context } = job;
    const task = { kind: 'sniff', whole: version.byte_size <= headBytes } as const;
    const found = await runParser(task, versionBytes(deps, version, headBytes), shape, config, context.signal);
    const mediaType = found.isText ? refineText(found.mediaType, document.name) : found.mediaType;
    const canRecognise = (await deps.recognition) !== undefined;
    const next = nextFor(mediaType, version.byte_size <= config.maxInputBytes, canRecognise);
    await metadata.write(recordSniffTransaction, { ending: job.ending(...next), mediaType });
  });
}

function nextFor(mediaType: string, isOpened: boolean, canRecognise: boolean): JobKind[] {
  const next: JobKind[] = [];
  if (isPlain(mediaType) || (hasText(mediaType) && isOpened)) next.push('text');
  if (hasThumbnail(mediaType) && isOpened) next.push('thumbnail');
  if (isImage(mediaType) && isOpened && canRecognise) next.push('ocr');
  return next;
}
