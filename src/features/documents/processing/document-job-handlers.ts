import type { JobHandler } from '#features/jobs/index.ts';
import type { ProcessingDeps } from './document-job.ts';
import { thumbnailHandler } from './make-thumbnail.ts';
import { textHandler } from './read-text.ts';
import { recognitionHandler } from './recognise-pages.ts';
import { findRecognition } from './recognise-text.ts';
import { sniffHandler } from './sniff-document.ts';
import { topicsHandler } from './suggest-topics.ts';

/** What is done with the bytes of a document, each step a job of its own. */
export function documentJobHandlers(given: Omit<ProcessingDeps, 'recognition'>): JobHandler[] {
  const deps = { ...given, recognition: findRecognition(given.config) };
  return [sniffHandler, textHandler, recognitionHandler, thumbnailHandler, topicsHandler].map((make) => make(deps));
}
