import type { TestContext } from 'node:test';

/**
 * How often and from which seed properties run. `npm run prove` sets PROOFLINE_MODEL_FACTOR to run them that many times as often;
 * PROOFLINE_MODEL_SEED repeats a run whose seed was printed.
 */
export function parametersOf(t: TestContext, { runs, dear = false }: { runs: number; dear?: boolean }) {
  const factor = Number(process.env.PROOFLINE_MODEL_FACTOR ?? 1);
  const seed = Number(process.env.PROOFLINE_MODEL_SEED ?? Math.floor(Math.random() * 2 ** 31));
  const numRuns = Math.max(1, Math.round(runs * factor));
  t.diagnostic(`seed ${seed}, ${numRuns} runs`);
  return { seed, numRuns, ...(dear ? { endOnFailure: process.env.PROOFLINE_MODEL_SEED === undefined } : {}) };
}
