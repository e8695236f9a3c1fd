import fc from 'fast-check';
import { type Finding, type Progress, silently } from '../support/finding.ts';
import { type EvidenceProperty, evidenceProperties } from './evidence-model.ts';

export interface ChooseEvidenceOptions {
  rounds: number;
  seed: number;
  progress?: Progress;
  properties?: readonly EvidenceProperty[];
}

/** Between two of them other jobs of the same process get their turn. */
const roundsAtOnce = 500;

/** Random groups, lost, shuffled and contradictory, against the model of the choice. */
export async function chooseEvidence(options: ChooseEvidenceOptions): Promise<Finding> {
  const { rounds, seed, progress = silently, properties = evidenceProperties } = options;
  const violations: string[] = [];
  let [done, chunks] = [0, 0];
  for (const { name, share, property } of properties) {
    const all = Math.max(1, Math.round(rounds * share));
    const one = property((count) => {
      chunks += count;
    });
    for (let begun = 0; begun < all; begun += roundsAtOnce) {
      const numRuns = Math.min(roundsAtOnce, all - begun);
      const own = seed + begun;
      const result = fc.check(one, { seed: own, numRuns });
      done += result.failed ? result.numRuns : numRuns;
      if (result.failed)
        violations.push(
          `${name}: seed ${own}, path ${result.counterexamplePath}: ${fc.stringify(result.counterexample)}`,
        );
      await new Promise((resolve) => setImmediate(resolve));
    }
    progress(`${done} of ${rounds}: ${name}`);
  }
  return {
    section: 'captures',
    fault:
      'random groups of variants: lost chunks, rows in any order, ranges and sequences that contradict one another',
    held: 'chosen coverage is confirmed coverage, nothing better was allowed, superseding loses nothing, the same rows give the same answer',
    filesystem: 'pure function',
    rounds: done,
    acknowledged: chunks,
    violations,
    seed,
  };
}
