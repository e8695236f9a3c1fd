import { type ResumableConfig, resumableRoutes, type TusDeps, type UploadTarget } from '#features/resumable/index.ts';
import type { Route } from '#http/route.ts';

/** Large documents, over lines that break: a request may bring any part of one. */
export function documentUploadRoutes(deps: TusDeps, config: ResumableConfig, target: UploadTarget): Route[] {
  return resumableRoutes(deps, config, target, {
    path: '/v1/documents/uploads',
    tag: 'Documents',
    limit: 'document_upload',
    result: 'A document',
    words:
      '`Upload-Metadata` knows `name` (or `filename`), `folder_id`, `topics` with commas between, `media_type` (or `filetype`), and `sha256`, the hash of the whole in hexadecimal, which is compared at the end. With `document_id` and `if_match`, the ETag of its current version or `*`, the bytes become its next version.',
    errors: [
      'forbidden',
      'document_not_found',
      'document_in_trash',
      'version_conflict',
      'invalid_document_name',
      'invalid_sha256_hex',
      'folder_not_found',
      'name_conflict',
      'idempotency_conflict',
      'quota_exceeded',
    ],
  });
}
