/** A safety check is begun while retention decides: nothing that is held ever goes, and nothing that goes is ever held. */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { auditEntry } from '#features/audit/index.ts';
import { requestDeletionTransaction, retireIncidentTransaction } from '#features/incidents/deletion/decide-deletion.ts';
import { decisionOf } from '#features/incidents/deletion/deletion.store.ts';
import { applyRetention } from '#features/incidents/index.ts';
import { holdingSafetyCheck, type SafetyCheckRow } from '#features/incidents/safety-checks/safety-checks.store.ts';
import {
  createSafetyCheckTransaction,
  endSafetyCheckTransaction,
} from '#features/incidents/safety-checks/safety-checks.transactions.ts';
import { isProblem } from '#kit/errors.ts';
import { newId } from '#kit/ids.ts';
import { timestamp } from '#kit/time.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { seeded } from '../support/random.ts';
import { onBothDatabases } from './both-databases.ts';
import { closedIncident, config, day, deletionStateOf } from './stored-incident.ts';

const on = onBothDatabases();
const audit = (action: string) => auditEntry({ actor: 'server', action, subjectType: 'incident' });
const longAgo = timestamp(Date.now() - 40 * day);

function checkOf(incident: string): SafetyCheckRow {
  const [now, due] = [timestamp(Date.now()), timestamp(Date.now() + day)];
  return {
    ...{ id: newId('sfc'), incident_id: incident, state: 'active', due_at: due, grace_seconds: 0, overdue_at: due },
    ...{ created_at: now, updated_at: now, missed_at: null, ended_at: null },
  };
}

/** `ok`, or the code. */
async function begin(metadata: Metadata, check: SafetyCheckRow): Promise<string> {
  return await metadata.write(createSafetyCheckTransaction, { check, audit: audit('safety_check.create') }).then(
    () => 'ok',
    (error: unknown) => {
      assert.ok(isProblem(error), String(error));
      return error.code;
    },
  );
}

const retire = (metadata: Metadata, incidentId: string) =>
  metadata.write(retireIncidentTransaction, {
    ...{ id: newId('del'), incidentId, reasonCode: 'closed_incident_retention' },
    ...{ closedBefore: timestamp(Date.now() - day), at: timestamp(Date.now()), audit: audit('retire') },
  });

on('whoever is first has its way, and the other one hears of it', async ([one, two], t) => {
  const random = seeded(20260102);
  const outcomes = { held: 0, gone: 0 };
  for (let round = 0; round < 120; round++) {
    const incident = await closedIncident(one, longAgo);
    const late = random.between(0, 2);
    const later = async <T>(isLate: boolean, work: () => Promise<T>) => {
      if (isLate) await pause(late);
      return await work();
    };
    const checkFirst = random.chance(0.5);
    const [begun, decided, again] = await Promise.all([
      later(!checkFirst, () => begin(two, checkOf(incident))),
      later(checkFirst, () => retire(one, incident)),
      later(checkFirst, () => retire(two, incident)),
    ]);
    const decision = await decisionOf(one.read, incident);
    const held = await holdingSafetyCheck(one.read, incident);
    if (begun === 'ok') {
      outcomes.held += 1;
      assert.deepEqual([decided, again, decision], ['held', 'held', undefined]);
      assert.equal(await deletionStateOf(one, incident), 'active');
      assert.equal(held?.state, 'active');
    } else {
      outcomes.gone += 1;
      assert.deepEqual([begun, [decided, again].sort()], ['incident_deleting', ['decided', 'passed']]);
      assert.deepEqual([decision?.state, held], ['deletion_pending', undefined]);
    }
  }
  t.diagnostic(JSON.stringify(outcomes));
  assert.ok(outcomes.held > 0 && outcomes.gone > 0, 'both orders were seen');
});

on('a check that is begun between the search and the decision is seen by the decision', async ([one, two]) => {
  const incident = await closedIncident(one, longAgo);
  let begun: string | undefined;
  const interrupted: Metadata = {
    ...{ dialect: one.dialect, shared: one.shared, read: one.read },
    ...{ snapshot: one.snapshot, statistics: one.statistics, health: one.health, close: one.close },
    write: async (transaction, input) => {
      if (transaction.name === retireIncidentTransaction.name) begun ??= await begin(two, checkOf(incident));
      return await one.write(transaction, input);
    },
  };
  const turn = await applyRetention({ metadata: interrupted }, config());
  assert.deepEqual([begun, turn], ['ok', { decided: [], wouldGo: 0, held: 1 }]);
  assert.equal(await deletionStateOf(one, incident), 'active');
});

on('a check that is resolved or cancelled lets go at once, and never before', async ([one, two]) => {
  const random = seeded(7);
  for (let round = 0; round < 40; round++) {
    const incident = await closedIncident(one, longAgo);
    const check = checkOf(incident);
    assert.equal(await begin(one, check), 'ok');
    const at = timestamp(Date.now());
    const end = async () => {
      await pause(random.between(0, 2));
      await two.write(endSafetyCheckTransaction, {
        ...{ incidentId: incident, checkId: check.id, to: 'cancelled', at },
        ...{ audit: audit('end'), missedAudit: audit('missed') },
      });
      return await retire(two, incident);
    };
    const [after, during] = await Promise.all([end(), retire(one, incident)]);
    assert.deepEqual([during, after].filter((outcome) => outcome === 'decided').length, 1);
    assert.ok(after === 'decided' || (after === 'passed' && during === 'decided'), `${during}, ${after}`);
    const held = await holdingSafetyCheck(one.read, incident);
    assert.equal(held, undefined);
  }
});

on('a wish of a person is not held back, and a check is refused from then on', async ([one, two]) => {
  const incident = await closedIncident(one, longAgo);
  assert.equal(await begin(one, checkOf(incident)), 'ok');
  const decision = await two.write(requestDeletionTransaction, {
    ...{ id: newId('del'), incidentId: incident, source: 'account_request', reasonCode: null },
    ...{ actorAccountId: 'acct_1', allowOpen: false, at: timestamp(Date.now()), audit: audit('wish') },
  });
  assert.equal(decision.state, 'deletion_pending');
  assert.equal(await begin(one, checkOf(incident)), 'incident_deleting');
  assert.equal(await retire(one, incident), 'passed');
});
