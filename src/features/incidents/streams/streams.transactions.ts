import { Problem } from '#kit/errors.ts';
import type { Timestamp } from '#kit/time.ts';
import { type Trx, transaction } from '#platform/metadata/metadata.ts';
import { askForLook, captureGroupOf } from '../captures/captures.store.ts';
import { assertOpen, incidentHeld } from '../incident-access.ts';
import { type StreamRow, streamToChange } from './streams.store.ts';

/** The stream, open and locked: chunks that are being added are counted in, those that come later find it closed. */
async function openStreamToChange(trx: Trx, incidentId: string, streamId: string): Promise<StreamRow> {
  const [incident, stream] = await Promise.all([
    incidentHeld(trx, incidentId),
    streamToChange(trx, incidentId, streamId),
  ]);
  if (incident === undefined) throw new Problem('incident_not_found');
  if (incident.deletion_state !== 'active') throw new Problem('incident_deleting');
  if (stream === undefined) throw new Problem('stream_not_found');
  if (stream.status === 'complete') throw new Problem('stream_already_complete');
  if (stream.status === 'failed') throw new Problem('stream_failed');
  return stream;
}

export const createStreamTransaction = transaction('streams.create', async (trx, stream: StreamRow) => {
  const incident = await incidentHeld(trx, stream.incident_id);
  if (incident === undefined) throw new Problem('incident_not_found');
  assertOpen(incident);
  if (stream.capture_group_id !== null) await captureGroupOf(trx, stream.incident_id, stream.capture_group_id);
  await trx.insertInto('media_streams').values(stream).execute();
});

interface CompleteStream {
  incidentId: string;
  streamId: string;
  expectedChunkCount: number;
  at: Timestamp;
}

/**
 * The rows are judged here, in the transaction that changes the state. Their blobs were opened just before: a row is never changed
 * and a blob only goes with its whole incident, so equal count and range mean the very same chunks.
 */
export const completeStreamTransaction = transaction(
  'streams.complete',
  async (trx, input: CompleteStream): Promise<StreamRow> => {
    const stream = await openStreamToChange(trx, input.incidentId, input.streamId);
    const rows = await trx
      .selectFrom('chunks')
      .select((builder) => [
        builder.fn.countAll<number>().as('count'),
        builder.fn.min('chunk_index').as('first'),
        builder.fn.max('chunk_index').as('last'),
      ])
      .where('incident_id', '=', stream.incident_id)
      .where('stream_id', '=', stream.id)
      .where('media_type', '=', stream.media_type)
      .executeTakeFirstOrThrow();
    const count = Number(rows.count);
    if (count < input.expectedChunkCount) throw new Problem('stream_chunks_incomplete');
    // Indexes are unique within a stream: n of them between 1 and n are all of them.
    if (count !== input.expectedChunkCount || Number(rows.first) !== 1 || Number(rows.last) !== count)
      throw new Problem('stream_chunks_not_contiguous');
    const completed = {
      status: 'complete' as const,
      expected_chunk_count: input.expectedChunkCount,
      updated_at: input.at,
      completed_at: input.at,
      failed_at: null,
      failure_reason: null,
    };
    await trx.updateTable('media_streams').set(completed).where('id', '=', stream.id).execute();
    if (stream.capture_group_id !== null) await askForLook(trx, stream.capture_group_id, input.at);
    return { ...stream, ...completed };
  },
);

interface FailStream {
  incidentId: string;
  streamId: string;
  failureReason: string | null;
  at: Timestamp;
}

/** The chunks that arrived are kept: they are evidence. */
export const failStreamTransaction = transaction('streams.fail', async (trx, input: FailStream): Promise<StreamRow> => {
  const stream = await openStreamToChange(trx, input.incidentId, input.streamId);
  const failed = {
    status: 'failed' as const,
    updated_at: input.at,
    failed_at: input.at,
    completed_at: null,
    failure_reason: input.failureReason,
  };
  await trx.updateTable('media_streams').set(failed).where('id', '=', stream.id).execute();
  if (stream.capture_group_id !== null) await askForLook(trx, stream.capture_group_id, input.at);
  return { ...stream, ...failed };
});

export const streamTransactions = [createStreamTransaction, completeStreamTransaction, failStreamTransaction];
