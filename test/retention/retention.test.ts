/** What retention takes, what it leaves and says why, on both databases. */
import assert from 'node:assert/strict';
import { decisionOf } from '#features/incidents/deletion/deletion.store.ts';
import { dueIncidents } from '#features/incidents/deletion/retention.store.ts';
import { applyRetention, previewRetention } from '#features/incidents/index.ts';
import { newId } from '#kit/ids.ts';
import { timestamp } from '#kit/time.ts';
import { rows } from '#platform/metadata/contract/rows.ts';
import { anyTables, insertRows } from '#platform/metadata/contract/transactions.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { onBothDatabases } from './both-databases.ts';
import { closedIncident, config, day, deletionStateOf, stream } from './stored-incident.ts';

const on = onBothDatabases();
const ago = (days: number) => timestamp(Date.now() - days * day);

const check = (state: string) => (incident: string) =>
  rows.safetyCheck({
    ...{ id: `sfc_${incident}`, incident_id: incident, state, overdue_at: ago(state === 'active' ? -1 : 1) },
    missed_at: state === 'missed' || state === 'resolved' ? ago(1) : null,
    ended_at: state === 'cancelled' || state === 'resolved' ? ago(1) : null,
  });

/** Of an account that is there. */
const upload = (state: string) => (incident: string) =>
  rows.resumable({
    ...{ id: newId('upl'), owner_account_id: 'acct_1', target: 'chunk', incident_id: incident, state },
    result_id: state === 'done' ? 'chk_1' : null,
  });

const statesOf = async (metadata: Metadata, incidents: readonly string[]) =>
  await Promise.all(incidents.map((id) => deletionStateOf(metadata, id)));

on('each mode goes after its own time, and the report says so before', async ([one]) => {
  const incidents: string[] = [];
  for (const mode of ['emergency', 'interaction_record', 'evidence_note', null])
    for (const days of [5, 12, 40]) incidents.push(await closedIncident(one, ago(days), { mode }));
  const policy = config({
    ...{ modeRetention: 'apply', closedIncidentRetentionMs: 30 * day },
    ...{ emergencyRetention: 0, interactionRecordRetention: 10 * day },
  });
  const preview = await previewRetention(one.read, policy, Date.now());
  const expected = [4, 5, 8, 11].map((n) => incidents[n]);
  assert.deepEqual(preview.incidents.map(({ id }) => id).sort(), expected.toSorted());
  assert.deepEqual(preview.incidents.map(({ incident_mode, setting }) => `${incident_mode} ${setting}`).sort(), [
    'evidence_note SAFE_CLOSED_INCIDENT_RETENTION',
    'interaction_record SAFE_MODE_RETENTION_INTERACTION_RECORD',
    'interaction_record SAFE_MODE_RETENTION_INTERACTION_RECORD',
    'null SAFE_CLOSED_INCIDENT_RETENTION',
  ]);
  assert.deepEqual(new Set(await statesOf(one, incidents)), new Set(['active']), 'the report changed nothing');
  const turn = await applyRetention({ metadata: one }, policy);
  assert.deepEqual(turn.decided.map(String).sort(), [
    'evidence_note',
    'interaction_record',
    'interaction_record',
    'null',
  ]);
  const gone = incidents.filter((id) => expected.includes(id));
  assert.deepEqual(new Set(await statesOf(one, gone)), new Set(['deletion_pending']));
  const kept = incidents.filter((id) => !expected.includes(id));
  assert.deepEqual([kept.length, new Set(await statesOf(one, kept))], [8, new Set(['active'])]);
  const decision = await decisionOf(one.read, incidents[4] ?? '');
  assert.deepEqual(
    [decision?.source, decision?.reason_code, decision?.actor_account_id, decision?.allow_open],
    ['retention_policy', 'mode_retention.interaction_record', null, 0],
  );
  const told = await anyTables(one.read)
    .selectFrom('audit_log')
    .select(['actor', 'action', 'detail'])
    .where('subject_id', '=', incidents[4] ?? '')
    .execute();
  assert.deepEqual(
    told.map((row) => ({ ...row })),
    [
      {
        ...{ actor: 'server', action: 'incident.request_deletion' },
        detail: 'retention_policy: SAFE_MODE_RETENTION_INTERACTION_RECORD, 10d',
      },
    ],
  );
  assert.deepEqual((await applyRetention({ metadata: one }, policy)).decided, [], 'nothing is decided twice');
});

on('a dry run takes no incident, of any mode and by any setting', async ([one]) => {
  const incidents = [
    await closedIncident(one, ago(40), { mode: 'emergency' }),
    await closedIncident(one, ago(40)),
    await closedIncident(one, ago(40), { mode: 'evidence_note', more: [stream('open')] }),
  ];
  const policy = config({ modeRetention: 'dry_run', closedIncidentRetentionMs: day, emergencyRetention: 2 * day });
  assert.deepEqual(await applyRetention({ metadata: one }, policy), { decided: [], wouldGo: 2, held: 1 });
  assert.deepEqual(new Set(await statesOf(one, incidents)), new Set(['active']));
  const preview = await previewRetention(one.read, policy, Date.now());
  assert.deepEqual([preview.modeRetention, preview.incidents.length, preview.held.length], ['dry_run', 2, 1]);
});

on('without settings nothing goes', async ([one]) => {
  const incident = await closedIncident(one, ago(4_000), { mode: 'interaction_record' });
  const off = config({ closedIncidentRetentionMs: 0 });
  assert.deepEqual(await applyRetention({ metadata: one }, off), { decided: [], wouldGo: 0, held: 0 });
  assert.equal(await deletionStateOf(one, incident), 'active');
});

on('what holds an incident is named; what has ended holds nothing', async ([one]) => {
  await one.write(insertRows, [rows.account()]);
  const incidents = {
    active: await closedIncident(one, ago(40), { more: [check('active')] }),
    missed: await closedIncident(one, ago(41), { mode: 'emergency', more: [check('missed'), stream('open')] }),
    cancelled: await closedIncident(one, ago(40), { more: [check('cancelled')] }),
    resolved: await closedIncident(one, ago(40), { more: [check('resolved')] }),
    failed: await closedIncident(one, ago(40), { more: [stream('failed')] }),
    complete: await closedIncident(one, ago(40), { more: [stream('complete')] }),
    open: await closedIncident(one, ago(39), { more: [stream('complete'), stream('open')] }),
    sent: await closedIncident(one, ago(38), { more: [upload('open'), upload('done')] }),
    ended: await closedIncident(one, ago(40), { more: [upload('done'), upload('failed')] }),
  };
  const { held, incidents: due } = await previewRetention(one.read, config(), Date.now());
  assert.deepEqual(
    held.map(({ id, holds }) => [id, holds.map((hold) => (hold.kind === 'safety_check' ? hold.state : hold.kind))]),
    [
      [incidents.missed, ['missed', 'open_stream']],
      [incidents.active, ['active']],
      [incidents.open, ['open_stream']],
      [incidents.sent, ['open_upload']],
    ],
  );
  assert.deepEqual(
    due.map(({ id }) => id).sort(),
    [incidents.cancelled, incidents.resolved, incidents.failed, incidents.complete, incidents.ended].sort(),
  );
  const turn = await applyRetention({ metadata: one }, config());
  assert.deepEqual([turn.decided.length, turn.held], [5, 4]);
  for (const kept of [incidents.active, incidents.missed, incidents.open, incidents.sent])
    assert.equal(await deletionStateOf(one, kept), 'active');
});

on('to the millisecond: closed just so long ago stays, a millisecond longer goes', async ([one]) => {
  const now = Date.now() + 1_000 * day;
  const [just, longer] = [
    await closedIncident(one, timestamp(now - 7 * day)),
    await closedIncident(one, timestamp(now - 7 * day - 1)),
  ];
  const policy = config({ closedIncidentRetentionMs: 7 * day });
  const at = async (ms: number) => (await previewRetention(one.read, policy, ms)).incidents.map(({ id }) => id);
  assert.deepEqual(await at(now - 1), []);
  assert.deepEqual(await at(now), [longer]);
  assert.deepEqual((await at(now + 1)).sort(), [just, longer].sort());
});

on('many that are held do not keep others from going', async ([one]) => {
  for (let n = 0; n < 12; n++) await closedIncident(one, ago(90), { more: [stream('open')] });
  const young = await closedIncident(one, ago(2));
  // As many as are looked for at once are older and held.
  assert.deepEqual(
    (await dueIncidents(one.read, null, ago(1), 5)).map(({ id }) => id),
    [young],
  );
  const turn = await applyRetention({ metadata: one }, config());
  assert.deepEqual([turn.decided, turn.held], [[null], 12]);
  assert.equal(await deletionStateOf(one, young), 'deletion_pending');
});
