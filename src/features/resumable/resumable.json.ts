import { z } from 'zod';
import { isFinishing, type UploadRow } from './resumable.store.ts';

const time = z.iso.datetime();

export const uploadShape = z
  .object({
    id: z.string(),
    status: z.enum(['open', 'finishing', 'done', 'failed']),
    byte_size: z.number().int(),
    received_bytes: z.number().int(),
    result_id: z.string().optional().describe('What became of it'),
    refusal: z
      .string()
      .optional()
      .describe('The code with which its end was last refused; while it is open, an empty PATCH tries again'),
    created_at: time,
    expires_at: time,
  })
  .meta({ id: 'Upload' });

export function uploadJson(row: UploadRow): z.output<typeof uploadShape> {
  return {
    id: row.id,
    status: statusOf(row),
    byte_size: row.byte_size,
    received_bytes: row.received_bytes,
    ...(row.result_id === null ? {} : { result_id: row.result_id }),
    ...(row.refusal === null ? {} : { refusal: row.refusal }),
    created_at: row.created_at,
    expires_at: row.expires_at,
  };
}

function statusOf(row: UploadRow): z.output<typeof uploadShape>['status'] {
  if (row.state === 'done' || row.state === 'failed') return row.state;
  return isFinishing(row) ? 'finishing' : 'open';
}
