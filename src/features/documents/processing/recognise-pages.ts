import { z } from 'zod';
import { JobFailure, type JobHandler } from '#features/jobs/index.ts';
import { type DocumentJob, documentJobHandler, type ProcessingDeps, versionBytes } from './document-job.ts';
import { maxPixels } from './make-thumbnail.ts';
import { recordTextTransaction } from './processing.transactions.ts';
import { maxTextCharacters, readText } from './read-text.ts';
import { runParser } from './run-parser.ts';

/** Of the longer side: A4 at 300 dots an inch is 3508. Pixels. */
const maxSide = 3600;

const shape = z.object({ png: z.string(), pages: z.number().int().min(1) });

/** Reads what stands on the pages of a scan or on a picture, a page at a time: one is drawn in one child and read in another. */
export function recognitionHandler(deps: ProcessingDeps): JobHandler {
  const { config, metadata } = deps;
  const about = { kind: 'ocr', of: 'the current version', steps: 2 * Math.max(1, config.ocrPages) } as const;
  return documentJobHandler(deps, about, async (job) => {
    const recognition = await deps.recognition;
    if (recognition === undefined)
      throw new JobFailure(
        'processing_unsupported',
        'This server does not recognise characters: tesseract is missing.',
      );
    const { context } = job;
    const texts: string[] = [];
    let length = 0;
    let pages = 1;
    for (let page = 1; page <= pages && length < maxTextCharacters; page++) {
      const image = await pageOf(deps, job, page);
      pages = Math.min(image.pages, config.ocrPages);
      const text = await recognition.recognise(Buffer.from(image.png, 'base64'), context.signal);
      texts.push(text);
      length += text.length;
      await context.progress(page, pages);
    }
    const said = await readText(deps, 'text/plain', utf8(texts.join('\n\n')), true, context.signal);
    await metadata.write(recordTextTransaction, { ending: job.ending('topics'), said });
  });
}

async function* utf8(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}

async function pageOf(deps: ProcessingDeps, { version, context }: DocumentJob, page: number) {
  const { config } = deps;
  const task = { kind: 'page', mediaType: version.media_type, page, maxSide, maxPixels } as const;
  const bytes = versionBytes(deps, version, config.maxInputBytes);
  return await runParser(task, bytes, shape, config, context.signal);
}
