import { randomBytes } from 'node:crypto';
import { type Api, sha256 } from '../support/api.ts';
import { expect, listed, type Readable } from './varied-store.ts';

const variants = [
  { variant_role: 'live_preview', quality_profile: 'adaptive_low_latency', upload_priority: 'near_live' },
  { variant_role: 'evidence_master', quality_profile: 'full_quality', upload_priority: 'background_queue' },
] as const;

const hourMs = 3_600_000;

/** A moment in two variants, a supersession that was taken back, a safety check that was cancelled and one that is active. */
export async function addCaptures(as: Api, incidentId: string): Promise<void> {
  const incident = `/v1/incidents/${incidentId}`;
  const made = await as.call('POST', `${incident}/capture-groups`, { capture_source_id: 'phone', label: 'ünï' });
  const group: string = made.body.capture_group.id;
  const streams: string[] = [];
  for (const variant of variants) {
    const fields = { media_type: 'video', capture_stream_group_id: group, ...variant };
    const { body } = await as.call('POST', `${incident}/streams`, fields);
    streams.push(body.stream.id);
    await putVariant(as, `${incident}/streams/${body.stream.id}/chunks/1`);
  }
  const side = (streamId: string | undefined) => ({ stream_id: streamId, source_segment_id: 'seg-1' });
  const supersessions = `${incident}/capture-groups/${group}/supersessions`;
  const recorded = await as.call('POST', supersessions, {
    superseding: side(streams[1]),
    superseded: side(streams[0]),
  });
  await expect(201, as.call('POST', `${supersessions}/${recorded.body.supersession.id}/withdraw`));
  const checks = `${incident}/safety-checks`;
  const due = { due_at: new Date(Date.now() + hourMs).toISOString() };
  const first = await as.call('POST', checks, due);
  await expect(200, as.call('POST', `${checks}/${first.body.safety_check.id}/cancel`));
  await expect(201, as.call('POST', checks, { ...due, grace_seconds: 60 }));
}

async function putVariant(as: Api, path: string): Promise<void> {
  const bytes = randomBytes(500);
  const answer = await fetch(`${as.url}${path}`, {
    method: 'PUT',
    headers: {
      authorization: `Bearer ${as.token}`,
      'repr-digest': `sha-256=:${sha256(bytes).toString('base64')}:`,
      'proofline-started-at': '2026-01-01T00:00:00Z',
      'proofline-ended-at': '2026-01-01T00:00:02Z',
      'proofline-source-segment': 'seg-1',
      'proofline-source-sequence': '1',
      'proofline-source-started-at': '2026-01-01T00:00:00.125Z',
      'proofline-source-ended-at': '2026-01-01T00:00:02.123456Z',
    },
    body: bytes,
  });
  if (answer.status !== 201) throw new Error(`answered ${answer.status}: ${await answer.text()}`);
}

export async function readCaptures(as: Api, incident: string): Promise<Readable> {
  const found: Readable = {
    [`${incident}/safety-checks`]: await listed(as, `${incident}/safety-checks`, 'safety_checks'),
  };
  for (const group of await listed(as, `${incident}/capture-groups`, 'capture_groups')) {
    const path = `${incident}/capture-groups/${group.id}`;
    found[path] = [
      group,
      (await as.call('GET', `${path}/resolution`)).body,
      await listed(as, `${path}/supersessions`, 'supersessions'),
    ];
  }
  return found;
}
