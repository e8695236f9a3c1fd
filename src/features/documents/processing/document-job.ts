import { type JobContext, type JobHandler, type JobKind, type JobRow, newJob } from '#features/jobs/index.ts';
import { timestamp } from '#kit/time.ts';
import type { BlobStore } from '#platform/blobs/blob-store.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { type DocumentRow, documentById } from '../access.ts';
import { type VersionRow, versionOf } from '../documents.store.ts';
import type { ProcessingConfig } from './processing.config.ts';
import { type Ending, endUnusedTransaction } from './processing.transactions.ts';
import type { Recognition } from './recognise-text.ts';

export interface ProcessingDeps {
  metadata: Metadata;
  blobs: BlobStore;
  config: ProcessingConfig;
  /** Undefined where tesseract is not installed. */
  recognition: Promise<Recognition | undefined>;
}

/** A job with what it is about. */
export interface DocumentJob {
  document: DocumentRow;
  version: VersionRow;
  context: JobContext;
  /** How it ends, with the jobs that follow from it. */
  ending(...next: JobKind[]): Ending;
}

/** A blob has to be read and a result written, besides the step itself. Milliseconds. */
const besidesMs = 2 * 60_000;

/**
 * A handler of jobs about one version of a document. `of`: also of versions that are not the current one any more; else such a job ends
 * without having done anything.
 */
export function documentJobHandler(
  deps: ProcessingDeps,
  about: { kind: JobKind; of: 'any version' | 'the current version'; steps?: number },
  work: (job: DocumentJob) => Promise<void>,
): JobHandler {
  return {
    kind: about.kind,
    timeoutMs: (about.steps ?? 1) * deps.config.timeoutMs + besidesMs,
    run: async (job, context) => {
      const found = await subjectOf(deps, job, context);
      if (found === undefined) throw new Error(`job ${job.id} is about no version of a document`);
      const { document, version } = found;
      const isWanted =
        document.deletion_state === 'active' && (about.of === 'any version' || document.version === version.version);
      if (isWanted) await work(found);
      else await deps.metadata.write(endUnusedTransaction, found.ending());
    },
  };
}

async function subjectOf(
  { metadata }: ProcessingDeps,
  job: JobRow,
  context: JobContext,
): Promise<DocumentJob | undefined> {
  const { document_id, document_version } = job;
  if (document_id === null || document_version === null) return undefined;
  const document = await documentById(metadata.read, document_id);
  const version = await versionOf(metadata.read, document_id, document_version);
  if (document === undefined || version === undefined) return undefined;
  return {
    document,
    version,
    context,
    ending: (...next) => {
      const at = timestamp(Date.now());
      const about = {
        ownerAccountId: document.owner_account_id,
        documentId: document.id,
        documentVersion: document_version,
      };
      return {
        claim: context.claim,
        documentId: document.id,
        version: document_version,
        at,
        next: next.map((kind) => newJob({ kind, ...about, at })),
      };
    },
  };
}

/** The bytes of a version, judged against their record as they are read to the end; or the first of them, which nothing can be judged by. */
export async function* versionBytes(
  { blobs }: Pick<ProcessingDeps, 'blobs'>,
  version: VersionRow,
  atMost: number,
): AsyncGenerator<Uint8Array> {
  const record = { byteSize: version.byte_size, sha256Hex: version.sha256_hex };
  const { pieces } = await blobs.openVerified(version.stored_path, record);
  let left = atMost;
  for await (const piece of pieces) {
    yield piece.length > left ? piece.subarray(0, left) : piece;
    left -= piece.length;
    if (left <= 0 && version.byte_size > atMost) return;
  }
}
