import { z } from 'zod';
import { conditions } from './judge-supersession.ts';
import type { SupersessionRow } from './supersessions.store.ts';

const side = z.object({ stream_id: z.string(), source_segment_id: z.string() });

export const supersessionShape = z
  .object({
    id: z.string(),
    capture_group_id: z.string(),
    superseding: side,
    superseded: side,
    coverage_basis: z.enum(['exact_segment', 'superset']),
    validation_state: z.enum(['validated']),
    policy_version: z.number().int(),
    reason: z.enum(['higher_quality_confirmed', 'audio_replaced_by_master', 'segment_superset_confirmed', 'withdrawn']),
    actor: z.enum(['account', 'policy']),
    actor_account_id: z.string().optional(),
    withdraws: z.string().optional(),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'Supersession' });

export const refusalShape = z.enum(conditions);

export function supersessionJson(row: SupersessionRow): z.output<typeof supersessionShape> {
  return {
    id: row.id,
    capture_group_id: row.capture_group_id,
    superseding: { stream_id: row.superseding_stream_id, source_segment_id: row.superseding_segment_id },
    superseded: { stream_id: row.superseded_stream_id, source_segment_id: row.superseded_segment_id },
    coverage_basis: row.coverage_basis,
    validation_state: row.validation_state,
    policy_version: row.policy_version,
    reason: row.reason,
    actor: row.actor,
    ...(row.actor_account_id === null ? {} : { actor_account_id: row.actor_account_id }),
    ...(row.withdraws_id === null ? {} : { withdraws: row.withdraws_id }),
    created_at: row.created_at,
  };
}
