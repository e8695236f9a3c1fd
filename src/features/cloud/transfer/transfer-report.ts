import { z } from 'zod';

/** What is told of single files; of the others only how many they are. */
const mostFailures = 100;

export const reportShape = z
  .object({
    added: z.number().int().describe('Files that were not there before'),
    renewed: z.number().int().describe('Files that had changed'),
    unchanged: z.number().int(),
    failed: z.number().int(),
    unusable_names: z.number().int().describe('Left out: what cannot be named on this side'),
    failures: z.array(z.object({ path: z.string(), code: z.string() })).describe('The first of those that failed'),
  })
  .meta({ id: 'CloudTransferReport' });

export type ReportJson = z.output<typeof reportShape>;

/** What became of the files of one import or mirror, in bounded words. */
export class TransferReport {
  readonly #counts = { added: 0, renewed: 0, unchanged: 0, failed: 0, unusable_names: 0 };
  readonly #failures: ReportJson['failures'] = [];

  count(what: 'added' | 'renewed' | 'unchanged'): void {
    this.#counts[what] += 1;
  }

  unusable(names: number): void {
    this.#counts.unusable_names += names;
  }

  failed(path: string, code: string): void {
    this.#counts.failed += 1;
    if (this.#failures.length < mostFailures) this.#failures.push({ path: path.slice(0, 500), code });
  }

  /** Files that are dealt with, one way or the other. */
  get done(): number {
    const { added, failed, renewed, unchanged } = this.#counts;
    return added + renewed + unchanged + failed;
  }

  json(): ReportJson {
    return { ...this.#counts, failures: this.#failures };
  }
}
