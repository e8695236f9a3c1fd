import { type ResumableConfig, resumableRoutes, type TusDeps } from '#features/resumable/index.ts';
import type { Route } from '#http/route.ts';
import type { ChunkUploads } from '../chunks/put-chunk.ts';
import { uploadErrors } from '../chunks/upload.routes.ts';
import { chunkTarget } from './chunk-target.ts';

/** Large chunks, over lines that break: a request may bring any part of one. */
export function chunkUploadRoutes(deps: TusDeps & ChunkUploads, config: ResumableConfig): Route[] {
  return resumableRoutes(deps, config, chunkTarget(deps), {
    path: '/v1/incidents/:incident_id/uploads',
    tag: 'Chunks',
    limit: 'upload',
    result: 'a chunk',
    words:
      '`Upload-Metadata` knows the fields of the form, with `sha256_hex` of the whole, which is compared at the end, and `idempotency_key`. In a stream `media_type` may be left out. Begun again under the same key, it is the same upload; where its chunk was accepted meanwhile, the answer says so.',
    errors: uploadErrors,
  });
}
