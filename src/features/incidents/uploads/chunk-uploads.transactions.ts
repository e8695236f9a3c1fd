import { type BeginUpload, createUpload } from '#features/resumable/index.ts';
import { Problem } from '#kit/errors.ts';
import { transaction } from '#platform/metadata/metadata.ts';
import { assertNotDeleting, assertOpen, incidentHeld } from '../incident-access.ts';

/**
 * After a deletion was decided no upload begins, so that what the deletion finds is all there is. Throws incident_not_found,
 * incident_deleting, incident_closed, too_many_uploads.
 */
export const beginChunkUploadTransaction = transaction('chunk-uploads.begin', async (trx, input: BeginUpload) => {
  const incident = input.upload.incident_id === null ? undefined : await incidentHeld(trx, input.upload.incident_id);
  if (incident === undefined) throw new Problem('incident_not_found');
  // What stands already may be asked for after its incident was closed.
  if (input.upload.state === 'open') assertOpen(incident);
  else assertNotDeleting(incident);
  return await createUpload(trx, input);
});
