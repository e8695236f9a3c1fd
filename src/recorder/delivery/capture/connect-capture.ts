import type { ChunkSource } from '#client/api/chunk-facts.ts';
import { type VariantName, variantTraits } from '../../capture/variants.ts';
import type { CaptureStaging } from '../../staging/capture-staging.ts';
import type { StagedChunk } from '../../staging/staged-stream.ts';
import { incidentFor } from '../connect.ts';
import type { OutgoingStream } from '../deliver-chunk.ts';
import type { ServerSession } from '../server-session.ts';

/** The capture's incident and group on the server; looked for by label first where an answer may have been lost. */
export async function connectCapture(
  session: ServerSession,
  staging: CaptureStaging,
  resumed: boolean,
  signal: AbortSignal,
): Promise<void> {
  const { state } = staging;
  if (!session.api.hasToken) await session.persist('signing in', () => session.reauthenticate(signal), signal);
  if (state.incident_id === undefined) {
    const act = (attempt: number) => incidentFor(session, state.client_label, resumed || attempt > 1, signal);
    await staging.update({ incident_id: await session.persist('creating the incident', act, signal) });
  }
  if (state.capture_group_id === undefined) {
    const act = (attempt: number) => groupFor(session, staging, resumed || attempt > 1, signal);
    await staging.update({ capture_group_id: await session.persist('beginning the capture', act, signal) });
  }
}

/** Opens each stream once, when it is first asked for. One that has nothing to send does not exist on the server. */
export function captureStreams(
  session: ServerSession,
  staging: CaptureStaging,
  resumed: boolean,
  signal: AbortSignal,
): (variant: VariantName) => Promise<OutgoingStream> {
  const opening = new Map<VariantName, Promise<void>>();
  const open = async (variant: VariantName) => {
    if (staging.variantState(variant).stream_id !== undefined) return;
    const act = (attempt: number) => streamFor(session, staging, variant, resumed || attempt > 1, signal);
    const id = await session.persist(`opening the stream for ${variantTraits[variant].shown}`, act, signal);
    await staging.updateVariant(variant, { stream_id: id });
  };
  const opened = (variant: VariantName) => {
    const going = opening.get(variant) ?? open(variant).finally(() => opening.delete(variant));
    opening.set(variant, going);
    return going;
  };
  return async (variant) => {
    await opened(variant);
    const { incident_id = '' } = staging.state;
    const { stream_id = '', media_type } = staging.variantState(variant);
    return {
      variant,
      staged: staging.stream(variant),
      destination: session.destination(incident_id, stream_id),
      place: { incident_id, stream_id, media_type },
      sourceOf: async (chunk) => {
        if (chunk.context_index === undefined) return sourceOf(chunk);
        await opened('location_context');
        return sourceOf(chunk, (await staging.stream('location_context').bound(chunk.context_index)).sha256_hex);
      },
    };
  };
}

function sourceOf({ sequence = 0, started_at, ended_at }: StagedChunk, contextDigest?: string): ChunkSource {
  const segment_id = `moment-${String(sequence).padStart(6, '0')}`;
  return {
    segment_id,
    sequence,
    started_at,
    ended_at,
    ...(contextDigest === undefined ? {} : { context_digest: contextDigest }),
  };
}

async function groupFor(
  session: ServerSession,
  { state }: CaptureStaging,
  lookFirst: boolean,
  signal: AbortSignal,
): Promise<string> {
  const { incident_id = '', recording_id, stream_label } = state;
  if (lookFirst) {
    const { capture_groups } = await session.api.captureGroups(incident_id, { signal });
    const found = capture_groups.find((group) => group.capture_source_id === recording_id);
    if (found) return found.id;
  }
  const label = stream_label === undefined ? {} : { label: stream_label };
  return (await session.api.createCaptureGroup(incident_id, { capture_source_id: recording_id, ...label }, { signal }))
    .id;
}

async function streamFor(
  session: ServerSession,
  staging: CaptureStaging,
  variant: VariantName,
  lookFirst: boolean,
  signal: AbortSignal,
): Promise<string> {
  const { incident_id = '', capture_group_id = '', stream_label } = staging.state;
  if (lookFirst) {
    const { streams } = await session.api.streams(incident_id, { signal });
    const found = streams.find(
      (stream) => stream.capture_stream_group_id === capture_group_id && stream.variant_role === variant,
    );
    if (found) return found.id;
  }
  const { quality, priority, shown } = variantTraits[variant];
  const stream = {
    media_type: staging.variantState(variant).media_type,
    label: stream_label === undefined ? shown : `${stream_label}, ${shown}`,
    capture_stream_group_id: capture_group_id,
    variant_role: variant,
    quality_profile: quality,
    upload_priority: priority,
  };
  return (await session.api.createStream(incident_id, stream, { signal })).id;
}
