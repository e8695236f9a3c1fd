/** A document's status is what the jobs of its current version say, from the very transaction in which the last of them ends. */
import assert from 'node:assert/strict';
import { auditEntry } from '#features/audit/index.ts';
import { documentJobEndings } from '#features/documents/jobs/document-job-endings.ts';
import { finishDocumentJob } from '#features/documents/jobs/settle-document.ts';
import type { JobClaim } from '#features/jobs/job-handler.ts';
import { insertJobs, type JobRow, type NewJob, newJob } from '#features/jobs/jobs.store.ts';
import { claimJobTransaction, jobTransactions } from '#features/jobs/jobs.transactions.ts';
import { updateRow } from '#platform/metadata/contract/transactions.ts';
import { type Metadata, transaction } from '#platform/metadata/metadata.ts';
import { at, insert, rowOf, testOnBoth } from './support/databases.ts';

const later = '2036-01-02T03:04:05.678Z';

const putDown = transaction('test.put_down', async (trx, jobs: readonly NewJob[]) => insertJobs(trx, jobs));
const finish = transaction(
  'test.finish',
  async (trx, input: { claim: JobClaim; next: readonly NewJob[] }) =>
    await finishDocumentJob(trx, { ...input, documentId: 'doc_1', at }),
);
const removeDocument = transaction('test.remove_document', async (trx, _: object) => {
  await trx.deleteFrom('documents').where('id', '=', 'doc_1').execute();
});
const transactions = [...jobTransactions, ...Object.values(documentJobEndings), putDown, finish, removeDocument];

const jobOf = (documentVersion: number) =>
  newJob({ kind: 'text', ownerAccountId: 'acct_1', documentId: 'doc_1', documentVersion, at });

async function statusOf(metadata: Metadata): Promise<string | undefined> {
  const row = await metadata.read.selectFrom('documents').select('status').where('id', '=', 'doc_1').executeTakeFirst();
  return row?.status;
}

async function claim(metadata: Metadata): Promise<JobRow> {
  const job = await metadata.write(claimJobTransaction, {
    ...{ kinds: ['text'], holder: 'x', at: later, now: at, leasedUntil: '2046-01-02T03:04:05.678Z' },
  });
  assert.ok(job);
  return job;
}

async function open(metadata: Metadata, ...jobs: NewJob[]): Promise<void> {
  await insert(metadata, rowOf.account('acct_1'), {
    ...rowOf.document('doc_1', { owner_account_id: 'acct_1', name: 'a', version: 2, status: 'processing' }),
  });
  await metadata.write(putDown, jobs);
}

const claimOf = (job: JobRow): JobClaim => ({ jobId: job.id, fence: job.fence });
const parkOf = (job: JobRow) => ({ claim: claimOf(job), code: 'x', detail: null, at });
const audit = () => auditEntry({ actor: 'server', action: 'job.repeat', subjectType: 'job' });

testOnBoth('ready with the last job of its version', transactions, async (metadata) => {
  await open(metadata, jobOf(2), jobOf(2), jobOf(1));
  const claimed = [await claim(metadata), await claim(metadata), await claim(metadata)];
  const [first, second, ...others] = claimed.filter((job) => job.document_version === 2);
  assert.ok(first && second && others.length === 0);
  assert.equal(await metadata.write(finish, { claim: claimOf(first), next: [] }), true);
  assert.equal(await statusOf(metadata), 'processing');
  assert.equal(await metadata.write(finish, { claim: claimOf(second), next: [jobOf(2)] }), true);
  assert.equal(await statusOf(metadata), 'processing', 'another follows');
  const last = await claim(metadata);
  assert.equal(await metadata.write(finish, { claim: claimOf(last), next: [] }), true);
  assert.equal(await statusOf(metadata), 'ready', 'the job of an earlier version still runs');
});

testOnBoth('failed when one was parked, and processed again when it is repeated', transactions, async (metadata) => {
  await open(metadata, jobOf(2), jobOf(2));
  const [first, second] = [await claim(metadata), await claim(metadata)];
  assert.equal(await metadata.write(documentJobEndings.park, parkOf(first)), true);
  assert.equal(await statusOf(metadata), 'processing');
  assert.equal(await metadata.write(finish, { claim: claimOf(second), next: [] }), true);
  assert.equal(await statusOf(metadata), 'failed');
  await metadata.write(documentJobEndings.repeat, { jobId: first.id, at, audit: audit() });
  assert.equal(await statusOf(metadata), 'processing');
  assert.equal(await metadata.write(finish, { claim: claimOf(await claim(metadata)), next: [] }), true);
  assert.equal(await statusOf(metadata), 'ready');
  const entries = await metadata.read.selectFrom('audit_log').select('owner_account_id').execute();
  assert.deepEqual(
    entries.map((entry) => ({ ...entry })),
    [{ owner_account_id: 'acct_1' }],
  );
});

testOnBoth(
  'a claim that is lost changes nothing, nor does one on a document that has gone',
  transactions,
  async (metadata) => {
    await open(metadata, jobOf(2));
    const lost = await claim(metadata);
    await metadata.write(updateRow, {
      ...{ table: 'jobs', id: lost.id, values: { leased_until: at } },
    });
    const holder = await metadata.write(claimJobTransaction, {
      ...{ kinds: ['text'], holder: 'y', at: later, now: at, leasedUntil: '2046-01-02T03:04:05.678Z' },
    });
    assert.equal(holder?.fence, 2);
    assert.equal(await metadata.write(finish, { claim: claimOf(lost), next: [] }), false);
    assert.equal(await metadata.write(documentJobEndings.park, parkOf(lost)), false);
    assert.equal(await statusOf(metadata), 'processing');
    await metadata.write(removeDocument, {});
    assert.equal(await metadata.write(finish, { claim: claimOf(holder), next: [] }), false);
    assert.equal(await metadata.write(documentJobEndings.park, parkOf(holder)), false);
  },
);
