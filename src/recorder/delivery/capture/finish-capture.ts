import type { VariantName } from '../../capture/variants.ts';
import type { Report } from '../../recorder-event.ts';
import type { CaptureStaging } from '../../staging/capture-staging.ts';
import type { Blocked } from '../deliver-chunk.ts';
import { completeOnServer, failOnServer } from '../finish.ts';
import type { ServerSession } from '../server-session.ts';

/** Ends each stream on the server as it ended here: complete, or failed with the reason. Safe to repeat after a kill. */
export async function endCapture(
  session: ServerSession,
  staging: CaptureStaging,
  refused: ReadonlyMap<VariantName, Blocked>,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  const { incident_id = '' } = staging.state;
  for (const variant of staging.variants) {
    const { stream_id, delivery } = staging.variantState(variant);
    // A stream that never had a chunk was never opened.
    if (delivery !== 'open' || stream_id === undefined) continue;
    const { chunks } = staging.stream(variant);
    const reason = failureReason(staging, variant, refused.get(variant));
    if (reason === undefined) {
      const act = () => completeOnServer(session, incident_id, stream_id, chunks.length, signal);
      await session.persist('completing the stream', act, signal);
      await staging.updateVariant(variant, { delivery: 'completed' });
      report({ event: 'completed', variant, chunk_count: chunks.length });
    } else {
      const act = () => failOnServer(session, incident_id, stream_id, reason, signal);
      await session.persist('marking the stream as failed', act, signal);
      await staging.updateVariant(variant, { delivery: 'failed' });
      report({ event: 'failed', variant, reason });
    }
  }
}

/** Asks the server what it shows of each moment, now that everything is there that will be. */
export async function tellWhatIsConfirmed(
  session: ServerSession,
  staging: CaptureStaging,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  const { incident_id = '', capture_group_id = '' } = staging.state;
  const { segments, gaps } = await session.persist(
    'asking what is confirmed',
    () => session.api.resolution(incident_id, capture_group_id, { signal }),
    signal,
  );
  const full = segments.filter(({ chosen }) => chosen.variant_role === 'evidence_master').length;
  report({
    event: 'confirmed',
    moments: segments.length,
    full_quality: full,
    fallback: segments.length - full,
    with_context: segments.filter(({ context }) => context !== 'missing').length,
    gaps: gaps.length,
  });
}

function failureReason(
  staging: CaptureStaging,
  variant: VariantName,
  refused: Blocked | undefined,
): string | undefined {
  const { chunks } = staging.stream(variant);
  const dropped = chunks.filter(({ fate }) => fate === 'dropped').length;
  if (refused) return `Chunk ${refused.index} was refused: ${refused.code}.`;
  if (dropped > 0) return `${dropped} of ${chunks.length} chunks were given up: the recorder had no room for them.`;
  const { capture, complete_partial } = staging.state;
  if (capture === 'failed' && !complete_partial) return 'The capture broke off before its end.';
  return undefined;
}
