import { z } from 'zod';
import {
  checkinJson,
  checkinShape,
  chunkById,
  chunkJson,
  chunkShape,
  type IncidentRow,
  latestCheckins,
  type StreamRow,
  streamJson,
  streamShape,
  streamsOf,
  unstreamedSummary,
} from '#features/incidents/index.ts';
import { timestamp } from '#kit/time.ts';
import type { Db } from '#platform/metadata/metadata.ts';
import { viewerGroups } from './captures/capture-data.ts';
import { viewerGroupShape } from './captures/timeline-data.ts';

/** What the page must never let anybody forget. */
export const warning = {
  limit: 'This page cannot call for help.',
  advice: 'If someone may be in danger, call your local emergency number.',
} as const;

const viewerStreamShape = streamShape
  .extend({ chunk_count: z.number().int(), total_bytes: z.number().int() })
  .meta({ id: 'ViewerStream' });

export const viewerDataShape = z
  .object({
    incident: z.object({
      id: z.string(),
      status: z.enum(['open', 'closed']),
      client_label: z.string().optional(),
      created_at: z.iso.datetime(),
      updated_at: z.iso.datetime(),
    }),
    latest_checkin: checkinShape.optional(),
    chunk_count_by_media_type: z.record(z.string(), z.number().int()),
    latest_chunk_by_media_type: z.record(z.string(), chunkShape),
    media: z
      .array(z.object({ media_type: z.string(), chunk_count: z.number().int(), latest_chunk: chunkShape.optional() }))
      .describe('The same two, as one list for who draws it'),
    streams: z.array(viewerStreamShape),
    completed_streams: z.array(viewerStreamShape),
    capture_groups: z.array(viewerGroupShape).describe('The newest, oldest of them first'),
    more_capture_groups: z.boolean(),
    warning: z.string(),
    generated_at: z.iso.datetime(),
  })
  .meta({ id: 'ViewerData' });

export type ViewerData = z.output<typeof viewerDataShape>;
export type ViewerMedia = ViewerData['media'][number];
export type ViewerChunk = z.output<typeof chunkShape>;
export type ViewerStream = z.output<typeof viewerStreamShape>;

/** Everything a viewer may see of an incident. The notes are not among it, nor anything about the account. */
export async function viewerData(db: Db, incident: IncidentRow, nowMs: number): Promise<ViewerData> {
  const [streams, unstreamed, checkins] = await Promise.all([
    streamsOf(db, incident.id),
    unstreamedSummary(db, incident.id),
    latestCheckins(db, incident.id, 1),
  ]);
  const media = new Map<string, { count: number; latestId: string }>();
  const add = (type: string, count: number, latestId: string | null) => {
    const before = media.get(type) ?? { count: 0, latestId: '' };
    // Ids begin with their time, so the greatest is the latest.
    const latest = latestId !== null && latestId > before.latestId ? latestId : before.latestId;
    if (count > 0) media.set(type, { count: before.count + count, latestId: latest });
  };
  for (const stream of streams) add(stream.media_type, stream.chunk_count, stream.latest_chunk_id);
  for (const part of unstreamed) add(part.media_type, part.count, part.latest_id);
  const list = await Promise.all(
    [...media].map(async ([media_type, { count, latestId }]): Promise<ViewerMedia> => {
      const chunk = await chunkById(db, latestId);
      return { media_type, chunk_count: count, ...(chunk === undefined ? {} : { latest_chunk: chunkJson(chunk) }) };
    }),
  );
  const shown = streams.map(viewerStreamJson);
  const { groups, more } = await viewerGroups(db, incident.id, streams);
  const checkin = checkins[0];
  return {
    incident: {
      id: incident.id,
      status: incident.status,
      ...(incident.client_label === null ? {} : { client_label: incident.client_label }),
      created_at: incident.created_at,
      updated_at: incident.updated_at,
    },
    ...(checkin === undefined ? {} : { latest_checkin: checkinJson(checkin) }),
    chunk_count_by_media_type: Object.fromEntries(list.map((entry) => [entry.media_type, entry.chunk_count])),
    latest_chunk_by_media_type: Object.fromEntries(
      list.flatMap(({ media_type, latest_chunk }) => (latest_chunk === undefined ? [] : [[media_type, latest_chunk]])),
    ),
    media: list,
    streams: shown,
    completed_streams: shown.filter((stream) => stream.status === 'complete'),
    capture_groups: groups,
    more_capture_groups: more,
    warning: `${warning.limit} ${warning.advice}`,
    generated_at: timestamp(nowMs),
  };
}

function viewerStreamJson(stream: StreamRow): ViewerStream {
  return { ...streamJson(stream), chunk_count: stream.chunk_count, total_bytes: stream.byte_count };
}
