/** A safety check and the clock, to the millisecond, on both databases. */
import assert from 'node:assert/strict';
import { auditEntry } from '#features/audit/index.ts';
import { stateAt } from '#features/incidents/safety-checks/safety-check-state.ts';
import {
  overdueSafetyChecks,
  type SafetyCheckRow,
  safetyChecksOf,
} from '#features/incidents/safety-checks/safety-checks.store.ts';
import {
  createSafetyCheckTransaction,
  endSafetyCheckTransaction,
  noteMissedTransaction,
} from '#features/incidents/safety-checks/safety-checks.transactions.ts';
import { isProblem } from '#kit/errors.ts';
import { newId } from '#kit/ids.ts';
import { timestamp } from '#kit/time.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { onBothDatabases } from './both-databases.ts';
import { closedIncident } from './stored-incident.ts';

const on = onBothDatabases();
const start = Date.parse('2026-01-02T03:04:05.678Z');
const overdue = start + 60_000;
const audit = (action: string) => auditEntry({ actor: 'server', action, subjectType: 'safety_check' });

async function aCheck(metadata: Metadata): Promise<SafetyCheckRow> {
  const at = timestamp(start);
  const check: SafetyCheckRow = {
    ...{ id: newId('sfc'), incident_id: await closedIncident(metadata, at), state: 'active' },
    ...{ due_at: timestamp(overdue - 10_000), grace_seconds: 10, overdue_at: timestamp(overdue) },
    ...{ created_at: at, updated_at: at, missed_at: null, ended_at: null },
  };
  await metadata.write(createSafetyCheckTransaction, { check, audit: audit('safety_check.create') });
  return check;
}

const end = (metadata: Metadata, check: SafetyCheckRow, to: 'cancelled' | 'resolved', atMs: number) =>
  metadata
    .write(endSafetyCheckTransaction, {
      ...{ incidentId: check.incident_id, checkId: check.id, to, at: timestamp(atMs) },
      ...{ audit: audit(`safety_check.${to}`), missedAudit: audit('safety_check.missed') },
    })
    .then(
      ({ state, missed_at, ended_at }) => [state, missed_at, ended_at],
      (error: unknown) => {
        assert.ok(isProblem(error), String(error));
        return error.code;
      },
    );

const note = (metadata: Metadata, check: SafetyCheckRow, atMs: number) =>
  metadata.write(noteMissedTransaction, {
    ...{ incidentId: check.incident_id, checkId: check.id, at: timestamp(atMs) },
    audit: audit('safety_check.missed'),
  });

async function stored(metadata: Metadata, check: SafetyCheckRow): Promise<SafetyCheckRow> {
  const [row] = await safetyChecksOf(metadata.read, check.incident_id, 1);
  assert.ok(row);
  return row;
}

on('the last moment of the grace is in time, the next one is not', async ([one]) => {
  const [inTime, late] = [await aCheck(one), await aCheck(one)];
  assert.equal(stateAt(inTime, timestamp(overdue - 1)), 'active');
  assert.equal(stateAt(inTime, timestamp(overdue)), 'missed');
  assert.equal(await end(one, inTime, 'resolved', overdue - 1), 'safety_check_not_missed');
  assert.deepEqual(await end(one, inTime, 'cancelled', overdue - 1), ['cancelled', null, timestamp(overdue - 1)]);
  assert.equal(await end(one, late, 'cancelled', overdue), 'safety_check_not_active');
  assert.equal((await stored(one, late)).state, 'active', 'and the refusal wrote nothing');
  assert.deepEqual(await end(one, late, 'resolved', overdue), ['resolved', timestamp(overdue), timestamp(overdue)]);
});

on('a turn writes it down from that moment on, once, with the time at which it was missed', async ([one]) => {
  const check = await aCheck(one);
  assert.deepEqual(await overdueSafetyChecks(one.read, timestamp(overdue - 1), 10), []);
  assert.equal(await note(one, check, overdue - 1), false);
  const [found] = await overdueSafetyChecks(one.read, timestamp(overdue), 10);
  assert.deepEqual([found?.id, found?.overdue_at], [check.id, timestamp(overdue)]);
  assert.equal(await note(one, check, overdue + 5_000), true);
  const row = await stored(one, check);
  assert.deepEqual(
    [row.state, row.missed_at, row.updated_at],
    ['missed', check.overdue_at, timestamp(overdue + 5_000)],
  );
  assert.equal(await note(one, check, overdue + 6_000), false);
  assert.deepEqual(await overdueSafetyChecks(one.read, timestamp(overdue + 6_000), 10), []);
  assert.equal(await end(one, check, 'cancelled', overdue + 7_000), 'safety_check_not_active');
});

on('a request that came in time is in time, unless the miss stands already', async ([one]) => {
  const [quick, slow] = [await aCheck(one), await aCheck(one)];
  // A node whose clock is behind, or a request that waited: what it may say is by when it came.
  assert.deepEqual(await end(one, quick, 'cancelled', overdue - 5_000), [
    'cancelled',
    null,
    timestamp(overdue - 5_000),
  ]);
  assert.equal(await note(one, quick, overdue + 1), false);
  assert.equal(await note(one, slow, overdue), true);
  assert.equal(await end(one, slow, 'cancelled', overdue - 5_000), 'safety_check_not_active');
  assert.equal((await stored(one, slow)).state, 'missed');
});

on('a cancel and a turn at once: one of them, whole', async ([one, two], t) => {
  const outcomes = { cancelled: 0, missed: 0 };
  for (let round = 0; round < 40; round++) {
    const check = await aCheck(one);
    const first = round % 2 === 0;
    const cancel = () => end(two, check, 'cancelled', overdue - 1);
    const turn = () => note(one, check, overdue);
    const [a, b] = await Promise.all(first ? [cancel(), turn()] : [turn(), cancel()]);
    const [cancelled, noted] = first ? [a, b] : [b, a];
    const row = await stored(one, check);
    if (noted === true) {
      outcomes.missed += 1;
      assert.deepEqual([cancelled, row.state, row.ended_at], ['safety_check_not_active', 'missed', null]);
    } else {
      outcomes.cancelled += 1;
      assert.deepEqual([row.state, row.missed_at], ['cancelled', null]);
    }
  }
  t.diagnostic(JSON.stringify(outcomes));
  assert.ok(outcomes.cancelled > 0 && outcomes.missed > 0, 'both orders were seen');
});
