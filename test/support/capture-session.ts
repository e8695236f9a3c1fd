import { randomBytes } from 'node:crypto';
import { type VariantName, variants } from '../http/support/capture-session.ts';
import { type Api, sha256 } from './api.ts';

const began = Date.UTC(2026, 0, 2, 22, 58);
export const at = (second: number) => new Date(began + second * 1000).toISOString();

/** What a chunk of that range says of its place. Names and numbers follow from the range. */
export function sourceHeaders(from: number, to: number): Record<string, string> {
  return {
    'proofline-started-at': at(from),
    'proofline-ended-at': at(to),
    'proofline-source-segment': `seg:${from}-${to}`,
    'proofline-source-sequence': String(1_000_000 + from * 1_000 - (to - from)),
    'proofline-source-started-at': at(from),
    'proofline-source-ended-at': at(to),
  };
}

/** A capture group with a stream of each variant. Seconds count from 22:58 UTC. */
export async function captureSession(as: Api, incidentId: string, label?: string) {
  const groups = `/v1/incidents/${incidentId}/capture-groups`;
  const fields = { capture_source_id: 'phone-secret-7', ...(label === undefined ? {} : { label }) };
  const group: string = (await as.call('POST', groups, fields)).body.capture_group.id;
  const streams = new Map<VariantName, { id: string; count: number }>();
  const streamOf = async (name: VariantName) => {
    const known = streams.get(name);
    if (known !== undefined) return known;
    const fields = { ...variants[name], capture_stream_group_id: group };
    const made = {
      id: (await as.call('POST', `/v1/incidents/${incidentId}/streams`, fields)).body.stream.id,
      count: 0,
    };
    streams.set(name, made);
    return made;
  };
  return {
    group,
    path: `${groups}/${group}`,
    stream: async (name: VariantName): Promise<string> => (await streamOf(name)).id,
    /** One chunk of the range, or several where a length is given. */
    async put(name: VariantName, from: number, to: number, { length = to - from } = {}) {
      const stream = await streamOf(name);
      for (let start = from; start < to; start += length) {
        const bytes = randomBytes(1_000 + start);
        stream.count += 1;
        const path = `/v1/incidents/${incidentId}/streams/${stream.id}/chunks/${stream.count}`;
        const answer = await fetch(`${as.url}${path}`, {
          method: 'PUT',
          headers: {
            authorization: `Bearer ${as.token}`,
            'repr-digest': `sha-256=:${sha256(bytes).toString('base64')}:`,
            ...sourceHeaders(start, start + length),
          },
          body: bytes,
        });
        if (answer.status !== 201) throw new Error(`chunk refused: ${answer.status} ${await answer.text()}`);
      }
    },
  };
}
