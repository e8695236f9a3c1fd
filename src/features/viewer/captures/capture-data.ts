import {
  captureGroupOf,
  captureGroupsOf,
  confirmedChunksOf,
  countSupersessions,
  type StreamRow,
  streamsOf,
} from '#features/incidents/index.ts';
import type { Db } from '#platform/metadata/metadata.ts';
import type { KeptTimelines } from './kept-timelines.ts';
import { timelineOf, type ViewerGroup, type ViewerTimeline, viewerGroupJson } from './timeline-data.ts';

/** Of one incident; a recorder makes one group each time it starts. */
const groupsShown = 20;

/** Confirmed chunks of each group: kept with its streams, so that who polls reads no row of a chunk. */
function chunkCounts(streams: readonly StreamRow[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { capture_group_id: id, chunk_count } of streams)
    if (id !== null) counts.set(id, (counts.get(id) ?? 0) + chunk_count);
  return counts;
}

/** Throws capture_group_not_found, also for a group of another incident. */
export async function viewerGroup(db: Db, incidentId: string, groupId: string): Promise<ViewerGroup> {
  const group = await captureGroupOf(db, incidentId, groupId);
  return viewerGroupJson(group, chunkCounts(await streamsOf(db, incidentId)).get(groupId) ?? 0);
}

/** The newest groups in the order in which they began, and whether there are older ones. */
export async function viewerGroups(
  db: Db,
  incidentId: string,
  streams: readonly StreamRow[],
): Promise<{ groups: ViewerGroup[]; more: boolean }> {
  const counts = chunkCounts(streams);
  const newest = await captureGroupsOf(db, incidentId, groupsShown + 1);
  const groups = newest.slice(0, groupsShown).reverse();
  return {
    groups: groups.map((group) => viewerGroupJson(group, counts.get(group.id) ?? 0)),
    more: newest.length > groupsShown,
  };
}

export async function viewerTimeline(
  deps: { read: Db; timelines: KeptTimelines },
  group: ViewerGroup,
): Promise<ViewerTimeline> {
  const { read, timelines } = deps;
  const [timeline, supersessions] = await Promise.all([
    timelines.of(group.id, group.chunk_count, async () =>
      timelineOf(group.id, await confirmedChunksOf(read, group.id)),
    ),
    countSupersessions(read, group.id),
  ]);
  return { ...timeline, supersessions };
}

/** One after the other, so that a page costs one query and one resolution at a time. Without those that are too large for it. */
export async function viewerTimelines(
  deps: { read: Db; timelines: KeptTimelines },
  groups: readonly ViewerGroup[],
): Promise<ViewerTimeline[]> {
  const all: ViewerTimeline[] = [];
  for (const group of groups) if (!group.too_large) all.push(await viewerTimeline(deps, group));
  return all;
}
