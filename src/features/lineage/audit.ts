import type { ServiceKey } from './record/names.ts';

/** One act on lineage, accepted or refused: who, what, outcome, and never a token. */
export interface LineageAct extends Partial<ServiceKey> {
  action: 'ingest' | 'read' | 'upload';
  /** `unknown` where nobody could be identified. */
  subject: string;
  /** What it came to: `created`, `replayed`, `kept_first`, `read`, or the code of the refusal; of a batch `success`, `partial_success` or `error`. */
  outcome: string;
  run_id?: string;
  deployment_id?: string;
  /** A policy or a flow, with its version where one was named: `policies/retention@1.2.0`. */
  document?: string;
}

export type AuditLineage = (act: LineageAct) => void;
