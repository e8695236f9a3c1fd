import fc from 'fast-check';
import type { Model, ModelIncident } from './model.ts';
import type { Real } from './real.ts';

export type Step = fc.AsyncCommand<Model, Real>;

/** A command from its three parts; its text is what a counterexample shows. */
export function step(
  name: string,
  can: (model: Model) => boolean,
  run: (model: Model, real: Real) => Promise<void>,
): Step {
  return { check: can, run, toString: () => name };
}

/** Numbers choose among what there is at that time, so that shrinking a run keeps its meaning. */
export const pick = <T>(list: readonly T[], n: number): T => list[n % list.length] as T; // checked to be non-empty by `can`
export const any = fc.nat(1_000);
export const hasIncident = (model: Model) => model.incidents.length > 0;

/** What an incident answers before anything else is looked at. */
export const isGoing = ({ deletion }: ModelIncident) => deletion !== 'none';
