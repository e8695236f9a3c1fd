import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Answer } from './support/client.ts';
import { openWorld, until, type World } from './support/world.ts';

let world: World;
/** Without the turns that write down what was missed, which the other server does every moment. */
let unhurried: World;
before(async () => {
  [world, unhurried] = await Promise.all([
    openWorld('safety-checks', {
      SAFE_MAIN_API_RATE_LIMIT_ENABLED: 'false',
      SAFE_SAFETY_CHECK_INTERVAL: '100ms',
      SAFE_DELETION_WORKER_INTERVAL: '150ms',
    }),
    openWorld('safety-checks-unhurried', { SAFE_SAFETY_CHECK_INTERVAL: '0' }),
  ]);
});
after(() => Promise.all([world.close(), unhurried.close()]));

const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();
const hour = 3_600_000;
const pathOf = (incident: string, check = '') => `/v1/incidents/${incident}/safety-checks${check && `/${check}`}`;

async function begin(of: World, body: object = { due_at: inMs(hour) }) {
  const incident = await of.ada.incident();
  const { status, body: made } = await of.ada.post(pathOf(incident), body);
  assert.equal(status, 201);
  return { incident, check: made.safety_check, path: pathOf(incident, made.safety_check.id) };
}

const refused = (answer: Answer, status: number, code: string) =>
  assert.deepEqual([answer.status, answer.code], [status, code]);

const stateOf = async (of: World, path: string) => (await of.ada.get(path)).body.safety_check.state;

interface Entry {
  seq: number;
  action: string;
  actor: string;
  owner_account_id: string;
}

/** What the audit of everybody says of a check, in the order in which it was written. */
async function told(of: World, checkId: string): Promise<string[]> {
  const { body } = await of.root.get(`/v1/audit?subject=${checkId}`);
  const entries: Entry[] = body.entries;
  return entries
    .toSorted((a, b) => a.seq - b.seq)
    .map(({ action, actor, owner_account_id }) => `${action} ${actor} ${owner_account_id}`);
}

test('a check has a time, a grace and a state; it is listed, and cancelled in time', async () => {
  const due = inMs(hour);
  const { incident, check, path } = await begin(world, { due_at: due, grace_seconds: 90 });
  assert.match(check.id, /^sfc_[0-9a-z]{26}$/);
  assert.deepEqual(check, {
    id: check.id,
    incident_id: incident,
    state: 'active',
    due_at: due,
    grace_seconds: 90,
    overdue_at: new Date(Date.parse(due) + 90_000).toISOString(),
    created_at: check.created_at,
    updated_at: check.created_at,
  });
  assert.deepEqual((await world.ada.get(path)).body.safety_check, check);
  const cancelled = await world.ada.post(`${path}/cancel`);
  assert.equal(cancelled.status, 200);
  const { ended_at } = cancelled.body.safety_check;
  assert.deepEqual(cancelled.body.safety_check, { ...check, state: 'cancelled', updated_at: ended_at, ended_at });
  assert.deepEqual((await world.ada.post(`${path}/cancel`)).body, cancelled.body, 'again changes nothing');
  refused(await world.ada.post(`${path}/resolve`), 409, 'safety_check_not_missed');
  const next = (await world.ada.post(pathOf(incident), { due_at: inMs(hour) })).body.safety_check;
  const first = await world.ada.get(`${pathOf(incident)}?limit=1`);
  assert.deepEqual(first.body.safety_checks, [next]);
  const rest = await world.ada.get(`${pathOf(incident)}?limit=1&cursor=${first.body.next_cursor}`);
  assert.deepEqual(rest.body, { safety_checks: [cancelled.body.safety_check] });
  assert.deepEqual(await told(world, check.id), [
    `safety_check.create account ${world.accounts.ada}`,
    `safety_check.cancel account ${world.accounts.ada}`,
  ]);
});

test('one at a time: the same again gets the first, another is refused', async () => {
  const due = inMs(hour);
  const { incident, check, path } = await begin(world, { due_at: due });
  const again = await world.ada.post(pathOf(incident), { due_at: due, grace_seconds: 0 });
  assert.deepEqual([again.status, again.body.safety_check], [200, check]);
  refused(await world.ada.post(pathOf(incident), { due_at: due, grace_seconds: 1 }), 409, 'safety_check_exists');
  const cancelled = await world.ada.post(`${path}/cancel`);
  assert.equal(cancelled.status, 200);
  const racers = await Promise.all(
    Array.from({ length: 12 }, (_, i) => world.ada.post(pathOf(incident), { due_at: due, grace_seconds: i })),
  );
  assert.equal(racers.filter(({ status }) => status === 201).length, 1);
  assert.equal(racers.filter(({ code }) => code === 'safety_check_exists').length, 11);
});

test('times must make sense', async () => {
  const incident = await world.ada.incident();
  const far = 31 * 24 * hour;
  for (const body of [
    {},
    { due_at: 'tomorrow' },
    { due_at: inMs(-1) },
    { due_at: '2001-01-01T00:00:00Z' },
    { due_at: inMs(far + 60_000) },
    ...[-1, 0.5, 86_401, '60', null].map((grace_seconds) => ({ due_at: inMs(hour), grace_seconds })),
    { due_at: inMs(hour), note: 'no words are kept' },
  ]) {
    const answer = await world.ada.post(pathOf(incident), body);
    assert.equal(answer.status, 400, JSON.stringify(body));
  }
  assert.deepEqual((await world.ada.get(pathOf(incident))).body, { safety_checks: [] });
  const longest = await world.ada.post(pathOf(incident), { due_at: inMs(far - 60_000), grace_seconds: 86_400 });
  assert.equal(longest.status, 201);
  const finer = await begin(world, { due_at: inMs(hour).replace('Z', '987Z') });
  assert.match(finer.check.due_at, /\.\d{3}Z$/, 'whole milliseconds');
  const elsewhere = await begin(world, { due_at: zoned(hour) });
  assert.match(elsewhere.check.due_at, /Z$/);
});

/** The same time, as a clock two hours to the east says it. */
function zoned(ms: number): string {
  return `${new Date(Date.now() + ms + 2 * hour).toISOString().slice(0, 19)}+02:00`;
}

test('it is missed from the moment on at which its grace is over, seen by everybody who asks and written down by a turn', async () => {
  const { incident, check, path } = await begin(world, { due_at: inMs(300), grace_seconds: 1 });
  assert.equal(await stateOf(world, path), 'active');
  const { missed_at } = await until(async () => {
    const { body } = await world.ada.get(path);
    const isOver = Date.now() >= Date.parse(check.overdue_at);
    if (!isOver) assert.equal(body.safety_check.state, 'active', 'not before');
    return body.safety_check.state === 'missed' ? body.safety_check : undefined;
  }, 'missed');
  assert.equal(missed_at, check.overdue_at, 'not when somebody looked');
  await until(async () => {
    const said = await told(world, check.id);
    return said.includes(`safety_check.missed server ${world.accounts.ada}`) ? true : undefined;
  }, 'the audit');
  refused(await world.ada.post(`${path}/cancel`), 409, 'safety_check_not_active');
  refused(await world.ada.post(pathOf(incident), { due_at: inMs(hour) }), 409, 'safety_check_exists');
  const { body } = await world.ada.post(`${path}/resolve`);
  assert.deepEqual([body.safety_check.state, body.safety_check.missed_at], ['resolved', check.overdue_at]);
  assert.deepEqual((await world.ada.post(`${path}/resolve`)).body, body, 'again changes nothing');
  refused(await world.ada.post(`${path}/cancel`), 409, 'safety_check_not_active');
  assert.equal((await told(world, check.id)).filter((one) => one.startsWith('safety_check.missed')).length, 1);
  assert.equal((await world.ada.post(pathOf(incident), { due_at: inMs(hour) })).status, 201);
});

test('nobody need have written it down: time alone decides', async () => {
  const { incident, check, path } = await begin(unhurried, { due_at: inMs(400) });
  refused(await unhurried.ada.post(`${path}/resolve`), 409, 'safety_check_not_missed');
  await until(async () => ((await stateOf(unhurried, path)) === 'missed' ? true : undefined), 'missed');
  const [listed] = (await unhurried.ada.get(pathOf(incident))).body.safety_checks;
  assert.deepEqual([listed.state, listed.missed_at], ['missed', check.overdue_at]);
  await unhurried.rows(async (query) => {
    const [row] = await query('SELECT state, missed_at FROM safety_checks WHERE id = ?', check.id);
    assert.deepEqual([row?.state, row?.missed_at], ['active', null], 'its row does not say so');
  });
  refused(await unhurried.ada.post(`${path}/cancel`), 409, 'safety_check_not_active');
  refused(await unhurried.ada.post(pathOf(incident), { due_at: inMs(hour) }), 409, 'safety_check_exists');
  const { body } = await unhurried.ada.post(`${path}/resolve`);
  assert.deepEqual([body.safety_check.state, body.safety_check.missed_at], ['resolved', check.overdue_at]);
  assert.deepEqual(await told(unhurried, check.id), [
    `safety_check.create account ${unhurried.accounts.ada}`,
    `safety_check.missed server ${unhurried.accounts.ada}`,
    `safety_check.resolve account ${unhurried.accounts.ada}`,
  ]);
});

test('a closed incident may be checked; one under deletion may not, and it takes its checks along', async () => {
  const incident = await world.ada.incident();
  await world.ada.post(`/v1/incidents/${incident}/close`);
  const check = (await world.ada.post(pathOf(incident), { due_at: inMs(hour) })).body.safety_check;
  assert.equal(check.state, 'active');
  // The owner's own wish is no retention: who may delete could cancel as well.
  const deletion = await world.ada.post(`/v1/incidents/${incident}/deletion`);
  assert.equal(deletion.status, 202);
  refused(await world.ada.post(pathOf(incident), { due_at: inMs(hour) }), 409, 'incident_deleting');
  const gone = async () =>
    (await world.ada.get(`/v1/incidents/${incident}/deletion`)).body.deletion.state === 'deleted';
  await until(async () => ((await gone()) ? true : undefined), 'deletion');
  assert.deepEqual((await world.ada.get(pathOf(incident))).body, { safety_checks: [] });
  for (const verb of ['cancel', 'resolve'])
    refused(await world.ada.post(`${pathOf(incident, check.id)}/${verb}`), 409, 'incident_deleting');
});

test('it is nobody else’s matter, administrators are no exception', async () => {
  const { incident, path } = await begin(world);
  for (const stranger of [world.bob, world.root]) {
    for (const answer of [
      await stranger.get(path),
      await stranger.get(pathOf(incident)),
      await stranger.post(`${path}/cancel`),
      await stranger.post(`${path}/resolve`),
      await stranger.post(pathOf(incident), { due_at: inMs(hour) }),
    ])
      refused(answer, 404, 'incident_not_found');
  }
  assert.equal(await stateOf(world, path), 'active');
});

test('how many wait is measured', async () => {
  await begin(unhurried);
  const metrics = await (await fetch(`${unhurried.server.adminUrl}/metrics`)).text();
  assert.match(metrics, /^proofline_safety_checks_active [1-9]/m);
  assert.match(metrics, /^proofline_safety_checks_missed 0$/m);
});
