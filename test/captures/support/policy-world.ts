import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { supersessionRoutes } from '#features/incidents/captures/supersessions/supersessions.routes.ts';
import type { SupersessionRow } from '#features/incidents/captures/supersessions/supersessions.store.ts';
import { createApp } from '#http/app.ts';
import { newId } from '#kit/ids.ts';
import type { BlobStore } from '#platform/blobs/blob-store.ts';
import { createMemoryBlobStore } from '#platform/blobs/memory/memory-blob-store.ts';
import { rows } from '#platform/metadata/contract/rows.ts';
import { insertRows } from '#platform/metadata/contract/transactions.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { createLog } from '#platform/process/log.ts';

export const blobStore = () => createMemoryBlobStore({ stagingQuotaBytes: 1_000_000, maxBodyBytes: 1_000_000 });

export interface PolicyGroup {
  id: string;
  incident: string;
  owner: string;
  preview: string;
  master: string;
  segments: readonly string[];
  /** Of the master's chunk of a segment. */
  pathOf(segment: string): string;
}

const at = (second: number) => new Date(Date.UTC(2026, 0, 2, 3, 4, second)).toISOString();

/** A group of which the policy is to take a look: each segment in preview and in full, with the bytes of both. */
export async function groupToLookAt(
  { metadata, blobs }: { metadata: Metadata; blobs: BlobStore },
  { segments: count, lookAt }: { segments: number; lookAt: string },
): Promise<PolicyGroup> {
  const [id, incident, owner] = [newId('cgr'), newId('inc'), newId('acct')];
  const [preview, master] = [newId('str'), newId('str')];
  const segments = Array.from({ length: count }, (_, n) => `seg:${n}`);
  const pathOf = (segment: string, stream = master) =>
    `incidents/${incident}/streams/${stream}/${segment.slice(4)}.enc`;
  const stream = (role: string, name: string, quality: string) =>
    rows.stream({
      ...{ id: name, incident_id: incident, media_type: 'video', status: 'complete', capture_group_id: id },
      ...{ variant_role: role, quality_profile: quality, upload_priority: 'near_live' },
    });
  const chunks = [];
  for (const [n, segment] of segments.entries())
    for (const name of [preview, master]) {
      const bytes = randomBytes(40);
      const staged = await blobs.staging.receive(Readable.from([bytes]), { maxBytes: 40 });
      await blobs.commit(pathOf(segment, name), staged);
      const chunk = newId('chk');
      chunks.push(
        rows.chunk({
          ...{ id: chunk, incident_id: incident, stream_id: name, chunk_index: n + 1, media_type: 'video' },
          ...{ stored_path: pathOf(segment, name), byte_size: bytes.length },
          sha256_hex: createHash('sha256').update(bytes).digest('hex'),
        }),
        rows.chunkSource({
          ...{ chunk_id: chunk, capture_group_id: id, source_segment_id: segment, stream_id: name },
          context_digest: null,
        }),
      );
    }
  await metadata.write(insertRows, [
    rows.account({ id: owner, username: owner }),
    rows.incident({ id: incident, owner_account_id: owner }),
    rows.captureGroup({ id, incident_id: incident, look_at: lookAt }),
    stream('live_preview', preview, 'adaptive_low_latency'),
    stream('evidence_master', master, 'full_quality'),
    ...segments.map((segment, n) =>
      rows.segment({
        ...{ capture_group_id: id, source_segment_id: segment, source_sequence: n },
        ...{ source_started_at: at(n), source_ended_at: at(n + 1) },
      }),
    ),
    ...chunks,
  ]);
  return { id, incident, owner, preview, master, segments, pathOf };
}

export async function lookAtOf({ read }: Metadata, group: PolicyGroup): Promise<string | null> {
  const found = read.selectFrom('capture_groups').select('look_at').where('id', '=', group.id);
  return (await found.executeTakeFirstOrThrow()).look_at;
}

export async function decisionsOf({ read }: Metadata, group: PolicyGroup): Promise<SupersessionRow[]> {
  const found = read.selectFrom('supersessions').selectAll().where('capture_group_id', '=', group.id);
  return await found.orderBy('id').execute();
}

export interface Told {
  status: number;
  actor: string;
  id: string;
}

/** The owner's own way, by the routes of the API, at a node. */
export function ownerOf(group: PolicyGroup, deps: { metadata: Metadata; blobs: BlobStore }) {
  const app = createApp(supersessionRoutes(deps), {
    identifier: {
      identify: async () => ({ accountId: group.owner, username: 'ada', role: 'user', sessionId: 'ses_1' }),
    },
    limiter: () => undefined,
    home: {
      request: () => ({ peer: '', route: '' }),
      authorization: () => 'Bearer ada',
      readBody: async (c) => new Uint8Array(await c.req.arrayBuffer()),
      breakOff: () => undefined,
    },
    log: createLog('error'),
  });
  const path = `/v1/incidents/${group.incident}/capture-groups/${group.id}/supersessions`;
  const post = async (where: string, body?: object): Promise<Told> => {
    const answer = await app.request(where, {
      method: 'POST',
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    // What the route's schema says of its answer.
    const { supersession } = (await answer.json()) as { supersession?: { actor: string; id: string } };
    return { status: answer.status, actor: supersession?.actor ?? '', id: supersession?.id ?? '' };
  };
  return {
    record: (segment: string) =>
      post(path, {
        superseding: { stream_id: group.master, source_segment_id: segment },
        superseded: { stream_id: group.preview, source_segment_id: segment },
      }),
    withdraw: (id: string) => post(`${path}/${id}/withdraw`),
  };
}
