import { mkdirSync, writeFileSync } from 'node:fs';
import { dayOf, formatLine, type RunLine } from '#features/lineage/record/run-line.ts';
import { sealRun } from '#features/lineage/record/seal-run.ts';
import { ServiceFolder } from '#features/lineage/stores/folder/service-folder.ts';
import { timestamp } from '#kit/time.ts';

export const filledKey = { organization: 'acme', project: 'shop', service: 'api' };
export const runsADay = 1000;

/** A data folder as an orderly end leaves it, with so many runs of one service, a thousand a day, written without the store. */
export async function fillFolder(dataDir: string, runs: number): Promise<string[]> {
  const at = new ServiceFolder(dataDir, filledKey);
  mkdirSync(at.manifests, { recursive: true });
  const days: string[] = [];
  const began = Date.UTC(2020, 0, 1);
  for (let first = 0; first < runs; first += runsADay) {
    const lines: RunLine[] = [];
    for (let n = first; n < Math.min(runs, first + runsADay); n++) {
      const received = timestamp(began + (first / runsADay) * 86_400_000 + (n - first) * 80_000);
      const { line, payload } = await sealRun(
        { ...filledKey, run_id: `run-${n}`, artifact: '{"version":1}' },
        received,
      );
      mkdirSync(`${at.path}/${line.run_id}`);
      writeFileSync(`${at.path}/${line.run_id}/payload.json`, payload);
      lines.push(line);
    }
    const day = dayOf(lines[0] ?? { received_at: '' });
    days.push(day);
    writeFileSync(at.manifest(day), lines.map(formatLine).join(''));
  }
  writeFileSync(`${dataDir}/.clean`, '');
  return days;
}
