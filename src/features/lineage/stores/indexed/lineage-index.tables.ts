import type { ServiceKey } from '../../record/names.ts';

export interface LineageDaysTable extends ServiceKey {
  day: string;
  version: string;
  manifest: string;
}

declare module '#platform/metadata/metadata.ts' {
  interface Tables {
    lineage_days: LineageDaysTable;
  }
}
