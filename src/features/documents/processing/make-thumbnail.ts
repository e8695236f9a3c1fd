import { Readable } from 'node:stream';
import { z } from 'zod';
import type { JobHandler } from '#features/jobs/index.ts';
import { thumbnailPath } from '../document-path.ts';
import { documentJobHandler, type ProcessingDeps, versionBytes } from './document-job.ts';
import { recordThumbnailTransaction } from './processing.transactions.ts';
import { runParser } from './run-parser.ts';

/** Of the longer side. Pixels. */
const maxSide = 512;
/** What an image may decode to: as much as the largest cameras make. Pixels. */
export const maxPixels = 200_000_000;
/** Of a WebP of that size, with much to spare. Bytes. */
const maxBytes = 1024 * 1024;

const shape = z.object({ webp: z.string().max(2 * maxBytes) });

/** A small picture of an image, or of the first page of a PDF, kept beside the version. */
export function thumbnailHandler(deps: ProcessingDeps): JobHandler {
  const { blobs, config, metadata } = deps;
  return documentJobHandler(deps, { kind: 'thumbnail', of: 'any version' }, async (job) => {
    const { document, version, context } = job;
    const task = { kind: 'thumbnail', mediaType: version.media_type, maxSide, maxPixels } as const;
    const bytes = versionBytes(deps, version, config.maxInputBytes);
    const { webp } = await runParser(task, bytes, shape, config, context.signal);
    const body = await blobs.staging.receive(Readable.from([Buffer.from(webp, 'base64')]), { maxBytes });
    try {
      const path = thumbnailPath(document.owner_account_id, document.id, version.version);
      // A crash after this leaves a blob that no row names: it is swept, and the job makes another.
      await blobs.commit(path, body);
      const ending = job.ending();
      const { unused } = await metadata.write(recordThumbnailTransaction, {
        ending,
        thumbnail: {
          document_id: document.id,
          version: version.version,
          stored_path: path,
          media_type: 'image/webp',
          byte_size: body.byteSize,
          sha256_hex: body.sha256Hex,
          created_at: ending.at,
        },
      });
      if (unused !== undefined) await blobs.remove(unused);
    } finally {
      await body.discard();
    }
  });
}
