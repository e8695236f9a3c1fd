import type { ServiceKey } from './record/names.ts';

/** One act on lineage, accepted or refused: who, what, outcome, and never a token. */
export interface LineageAct extends Partial<ServiceKey> {
  action: 'ingest' | 'read' | 'upload';
  /** `unknown` where nobody could be identified. */
  subject: string;
  /** What it came to: `created`, `replayed`, `kept_first`, `read`, or the code of the refusal. */
  outcome: string;
  run_id?: string;
}

export type AuditLineage = (act: LineageAct) => void;
