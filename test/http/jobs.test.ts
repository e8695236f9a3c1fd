/** What an owner sees of the jobs of a document, and what an administrator sees and does. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newId } from '#kit/ids.ts';
import { openWorld, type World } from './support/world.ts';

let world: World;
before(async () => {
  world = await openWorld('jobs', { SAFE_JOBS_CONCURRENCY: '0' });
});
after(() => world.close());

async function addDocument(name: string): Promise<string> {
  const form = new FormData();
  form.set('file', new Blob(['some words']), name);
  const added = await world.ada.call('POST', '/v1/documents', form);
  assert.equal(added.status, 201, added.code);
  return added.body.document.id;
}

/** Of a version that is no longer current, so that the document's own jobs do not meet it. */
async function parkedJob(document: string): Promise<string> {
  const id = newId('job');
  const now = new Date().toISOString();
  await world.rows(async (query) => {
    await query(
      "INSERT INTO jobs (id, kind, owner_account_id, document_id, document_version, state, attempts, fence, run_after, error_code, error_detail, created_at, updated_at) VALUES (?, 'text', ?, ?, 9, 'parked', 8, 8, ?, 'timed_out', 'The job took longer than it may.', ?, ?)",
      ...[id, world.accounts.ada, document, now, now, now],
    );
  });
  return id;
}

test('owners see the jobs of their document, and nobody else does', async () => {
  const document = await addDocument('a.txt');
  const path = `/v1/documents/${document}/jobs`;
  const parked = await parkedJob(document);
  const { body } = await world.ada.get(path);
  const [first] = body.jobs;
  assert.deepEqual([first.kind, first.document_id, first.document_version], ['sniff', document, 1]);
  const job = body.jobs.find(({ id }: { id: string }) => id === parked);
  assert.deepEqual(
    [job.state, job.attempts, job.error_code, job.error_detail],
    ['parked', 8, 'timed_out', 'The job took longer than it may.'],
  );
  assert.equal(job.holder, undefined);
  const page = await world.ada.get(`${path}?limit=1`);
  assert.equal(page.body.jobs.length, 1);
  const next = await world.ada.get(`${path}?limit=1&cursor=${page.body.next_cursor}`);
  assert.notEqual(next.body.jobs[0].id, page.body.jobs[0].id);
  for (const other of [world.bob, world.root]) assert.deepEqual((await other.get(path)).code, 'document_not_found');
});

test('administrators list jobs by state and repeat what is parked, which is written down', async () => {
  const document = await addDocument('b.txt');
  const [one, two] = [await parkedJob(document), await parkedJob(document)];
  const listed = await world.root.get('/v1/admin/jobs?state=parked');
  const ids: string[] = listed.body.jobs.map(({ id }: { id: string }) => id);
  assert.deepEqual(ids.filter((id) => id === one || id === two).sort(), [one, two].sort());
  assert.ok(listed.body.jobs.every(({ state }: { state: string }) => state === 'parked'));
  assert.equal(listed.body.jobs[0].owner_account_id, world.accounts.ada);
  const first = await world.root.get('/v1/admin/jobs?limit=1');
  const second = await world.root.get(`/v1/admin/jobs?limit=1&cursor=${first.body.next_cursor}`);
  assert.ok(first.body.jobs[0].id > second.body.jobs[0].id, 'newest first');
  assert.equal((await world.root.get('/v1/admin/jobs?state=lost')).status, 400);

  const repeated = await world.root.post(`/v1/admin/jobs/${one}/repeat`);
  assert.deepEqual(
    [repeated.status, repeated.body.job.state, repeated.body.job.attempts],
    [200, 'waiting', 0],
    repeated.code,
  );
  await world.rows(async (query) => {
    const entries = await query(
      "SELECT actor_account_id, owner_account_id, outcome FROM audit_log WHERE action = 'job.repeat' AND subject_id = ?",
      one,
    );
    assert.deepEqual(
      entries.map((entry) => ({ ...entry })),
      [{ actor_account_id: world.accounts.root, owner_account_id: world.accounts.ada, outcome: 'done' }],
    );
    await query("UPDATE jobs SET state = 'done' WHERE id = ?", two);
  });
  assert.deepEqual((await world.root.post(`/v1/admin/jobs/${two}/repeat`)).code, 'job_not_parked');
  assert.deepEqual((await world.root.post(`/v1/admin/jobs/${newId('job')}/repeat`)).code, 'job_not_found');
});

test('nobody else may, not even what is theirs', async () => {
  const parked = await parkedJob(await addDocument('c.txt'));
  assert.equal((await world.ada.get('/v1/admin/jobs')).code, 'forbidden');
  assert.equal((await world.ada.post(`/v1/admin/jobs/${parked}/repeat`)).code, 'forbidden');
  assert.equal((await world.nobody.get('/v1/admin/jobs')).code, 'authentication_required');
});

test('the metrics say how many wait, run and are parked', async () => {
  await parkedJob(await addDocument('d.txt'));
  const text = await (await fetch(`${world.server.adminUrl}/metrics`)).text();
  const value = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
  assert.ok(value('proofline_jobs_parked') >= 1, text);
  for (const name of ['waiting', 'running', 'overdue_seconds']) assert.ok(value(`proofline_jobs_${name}`) >= 0, name);
});
