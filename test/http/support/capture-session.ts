import assert from 'node:assert/strict';
import { type Answer, bytesOf, type Client } from './client.ts';

export const variants = {
  master: {
    media_type: 'video',
    variant_role: 'evidence_master',
    quality_profile: 'full_quality',
    upload_priority: 'background_queue',
  },
  preview: {
    media_type: 'video',
    variant_role: 'live_preview',
    quality_profile: 'adaptive_low_latency',
    upload_priority: 'near_live',
  },
  sound: {
    media_type: 'audio',
    variant_role: 'audio_priority',
    quality_profile: 'audio_priority',
    upload_priority: 'near_live',
  },
  place: {
    media_type: 'location',
    variant_role: 'location_context',
    quality_profile: 'location_context',
    upload_priority: 'preservation',
  },
} as const;
export type VariantName = keyof typeof variants;

/** A moment of the session: seconds of one minute. */
export const at = (second: number) => `2026-01-02T03:04:${String(second).padStart(2, '0')}.000Z`;

export interface Place {
  from: number;
  to: number;
  id?: string;
  sequence?: number;
  digest?: string;
}

export function sourceHeaders({ from, to, id, sequence, digest }: Place): Record<string, string> {
  return {
    'proofline-source-segment': id ?? `seg:${from}-${to}`,
    'proofline-source-sequence': String(sequence ?? from),
    'proofline-source-started-at': at(from),
    'proofline-source-ended-at': at(to),
    ...(digest === undefined ? {} : { 'proofline-context-digest': digest }),
  };
}

interface Told {
  source_segment_id: string;
  chosen: { variant_role: string };
  master: string;
  context: string;
}

/** An incident with a group and a stream of each variant. */
export async function captureSession(client: Client) {
  const incident = await client.incident();
  const made = await client.post(`/v1/incidents/${incident}/capture-groups`, {
    capture_source_id: 'phone-1',
    label: 'front',
  });
  assert.equal(made.status, 201);
  const group: string = made.body.capture_group.id;
  const path = `/v1/incidents/${incident}/capture-groups/${group}`;
  const streams: Record<string, string> = {};
  const counts: Record<string, number> = {};
  for (const [name, variant] of Object.entries(variants)) {
    const opened = await client.post(`/v1/incidents/${incident}/streams`, {
      ...variant,
      capture_stream_group_id: group,
    });
    assert.equal(opened.status, 201);
    streams[name] = opened.body.stream.id;
  }
  const stream = (name: VariantName): string => streams[name] ?? '';
  return {
    incident,
    group,
    path,
    stream,
    put: async (name: VariantName, place: Place, bytes = bytesOf(50), key?: string): Promise<Answer> => {
      const index = (counts[name] ?? 0) + 1;
      const answer = await client.put(incident, stream(name), index, bytes, {
        headers: sourceHeaders(place),
        ...(key === undefined ? {} : { key }),
      });
      if (answer.status === 201) counts[name] = index;
      return answer;
    },
    told: async () => {
      const { body } = await client.get(`${path}/resolution`);
      return body.segments.map(
        ({ source_segment_id: id, chosen, master, context }: Told) =>
          `${id} ${chosen.variant_role} master ${master} context ${context}`,
      );
    },
  };
}
