import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ModelIncident, ModelSafetyCheck } from './model.ts';
import type { Real } from './real.ts';
import { any, hasIncident, isGoing, pick, type Step, step } from './step.ts';

/** Far enough that none is missed by itself. Whole milliseconds, the same in all runs of a process. */
const dueTimes = [1, 2].map((days) => new Date(Date.now() + days * 86_400_000).toISOString());
const path = ({ id }: ModelIncident) => `/v1/incidents/${id}/safety-checks`;
const holding = ({ safetyChecks }: ModelIncident) =>
  safetyChecks.find(({ state }) => state === 'active' || state === 'missed');

const begin = (n: number, due: number) =>
  step(`safety check of #${n} due ${due}`, hasIncident, async (model, real) => {
    const incident = pick(model.incidents, n);
    const answer = await real.ada.post(path(incident), { due_at: dueTimes[due] });
    const standing = holding(incident);
    if (isGoing(incident)) assert.equal(answer.code, 'incident_deleting');
    else if (standing === undefined) {
      assert.equal(answer.status, 201, answer.code);
      incident.safetyChecks.push({ id: answer.body.safety_check.id, due, state: 'active' });
    } else if (standing.state === 'active' && standing.due === due)
      assert.deepEqual([answer.status, answer.body.safety_check?.id], [200, standing.id]);
    else assert.equal(answer.code, 'safety_check_exists');
  });

const hasCheck = (incident: ModelIncident) => incident.safetyChecks.length > 0;

const end = (n: number, which: number, to: 'cancelled' | 'resolved') =>
  step(
    `safety check ${which} of #${n} ${to}`,
    (model) => model.incidents.some(hasCheck),
    async (model, real) => {
      const incident = pick(model.incidents.filter(hasCheck), n);
      const check = pick(incident.safetyChecks, which);
      const verb = to === 'cancelled' ? 'cancel' : 'resolve';
      const answer = await real.ada.post(`${path(incident)}/${check.id}/${verb}`);
      const from = to === 'cancelled' ? 'active' : 'missed';
      if (isGoing(incident)) assert.equal(answer.code, 'incident_deleting');
      else if (check.state === from || check.state === to) {
        assert.deepEqual([answer.status, answer.body.safety_check.state], [200, to]);
        check.state = to;
      } else assert.equal(answer.code, `safety_check_not_${from}`);
    },
  );

/** The clock cannot be turned: the time that was agreed on is. */
const pass = (n: number) =>
  step(
    `the time of the safety check of #${n} passes`,
    (model) => model.incidents.some((incident) => holding(incident)?.state === 'active'),
    async (model, real) => {
      const incident = pick(
        model.incidents.filter((one) => holding(one)?.state === 'active'),
        n,
      );
      const check = holding(incident) as ModelSafetyCheck; // there is one, see above
      await real.rows(async (query) => {
        await query('UPDATE safety_checks SET due_at = created_at, overdue_at = created_at WHERE id = ?', check.id);
      });
      check.state = 'missed';
    },
  );

/** Newest first; of an incident that is being deleted nobody asks. */
export async function compareSafetyChecks(incident: ModelIncident, real: Real): Promise<void> {
  if (isGoing(incident)) return;
  const { body } = await real.ada.get(`${path(incident)}?limit=200`);
  const told = (body.safety_checks as ModelSafetyCheck[]).map(({ id, state }) => [id, state]);
  assert.deepEqual(told.sort(), incident.safetyChecks.map(({ id, state }) => [id, state]).sort());
}

export const safetyCheckSteps: fc.Arbitrary<Step>[] = [
  fc.tuple(any, fc.nat(1)).map((all) => begin(...all)),
  fc.tuple(any, any, fc.constantFrom('cancelled' as const, 'resolved' as const)).map((all) => end(...all)),
  any.map(pass),
];
