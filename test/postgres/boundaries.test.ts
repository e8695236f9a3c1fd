import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import {
  createAccountTransaction,
  openSessionTransaction,
  revokeSessionsTransaction,
  setPasswordTransaction,
} from '#features/accounts/accounts.transactions.ts';
import { auditEntry, checkStoredChain, recordAudit, recordAuditTransaction } from '#features/audit/index.ts';
import { requestDeletionTransaction } from '#features/incidents/deletion/decide-deletion.ts';
import { claimDeletionTransaction } from '#features/incidents/deletion/deletion.transactions.ts';
import { assignOwnerTransaction, closeIncidentTransaction } from '#features/incidents/incidents.transactions.ts';
import { runDeletions } from '#features/incidents/index.ts';
import { completeStreamTransaction, failStreamTransaction } from '#features/incidents/streams/streams.transactions.ts';
import {
  createTokenTransaction,
  revokeTokenTransaction,
} from '#features/incidents/viewer-tokens/viewer-tokens.transactions.ts';
import { isProblem } from '#kit/errors.ts';
import { newId } from '#kit/ids.ts';
import { createMemoryBlobStore } from '#platform/blobs/memory/memory-blob-store.ts';
import { anyTables } from '#platform/metadata/contract/transactions.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { elsewhere, testDatabases, testOnPostgres } from '#platform/metadata/postgres/testing/databases.ts';
import { createLog } from '#platform/process/log.ts';
import { postgresBinaries } from '../support/services/postgres.ts';
import { startProxy, type TcpProxy } from '../support/services/tcp-proxy.ts';
import { anAccount, anIncident, aStream, at, audit, hash, record, transactions } from './support.ts';

/** Two nodes on one database; each test lets them race, many times over. */
const databases = testDatabases();
let one: Metadata;
let two: Metadata;
/** A third node, farther away: between its questions the others get a word in. */
let slow: Metadata;
let distance: TcpProxy;
const rounds = 60;

before(async () => {
  if (postgresBinaries() === undefined) return;
  const dsn = await databases.migrated();
  one = await databases.open(dsn, transactions);
  two = await databases.open(dsn, transactions);
  distance = await startProxy((await databases.server()).port, 2);
  slow = await databases.open(elsewhere(dsn, { port: distance.port }), transactions);
});
after(async () => {
  await Promise.all([one?.close(), two?.close(), slow?.close()]);
  await distance?.close();
});

/** What a request of either node would have been told: `ok`, or the code. */
async function told(promise: Promise<unknown>): Promise<string> {
  return await promise.then(
    () => 'ok',
    (error: unknown) => {
      assert.ok(isProblem(error), String(error));
      return error.code;
    },
  );
}

async function count(table: 'chunks' | 'incident_tokens' | 'accounts', column: string, value: string): Promise<number> {
  const row = await anyTables(one.read)
    .selectFrom(table)
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where(column, '=', value)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

testOnPostgres(
  'chunks against completion: a complete stream has exactly the chunks that it was completed with',
  async () => {
    let completed = 0;
    const owner = await anAccount(one, 'completes');
    for (let round = 0; round < rounds; round++) {
      // What is held is asked for in one question where there is an owner, and in three where there is none.
      const incidentId = await anIncident(one, round % 2 === 0 ? null : owner);
      const streamId = await aStream(one, incidentId);
      await record(one, { incidentId, streamId, index: 1 });
      const [completion, ...uploads] = await Promise.all([
        told(two.write(completeStreamTransaction, { incidentId, streamId, expectedChunkCount: 1 + (round % 3), at })),
        told(record(slow, { incidentId, streamId, index: 2 })),
        told(record(round % 4 < 2 ? one : slow, { incidentId, streamId, index: 3 })),
      ]);
      const accepted = 1 + uploads.filter((answer) => answer === 'ok').length;
      assert.ok(
        uploads.every((answer) => answer === 'ok' || answer === 'stream_not_open'),
        uploads.join(),
      );
      const stream = await one.read
        .selectFrom('media_streams')
        .selectAll()
        .where('id', '=', streamId)
        .executeTakeFirstOrThrow();
      assert.equal(await count('chunks', 'stream_id', streamId), accepted);
      assert.equal(stream.chunk_count, accepted);
      if (completion === 'ok') {
        completed += 1;
        assert.equal(stream.expected_chunk_count, accepted);
      } else assert.ok(/^stream_chunks_/.test(completion ?? ''), completion);
    }
    assert.ok(completed > 0 && completed < rounds, `${completed} of ${rounds} completed`);
  },
);

testOnPostgres('chunks against close, fail and deletion: nothing is added after the end', async () => {
  const ends = ['incident_closed', 'stream_not_open', 'incident_deleting'];
  const seen = new Set<string>();
  for (let round = 0; round < rounds; round++) {
    const owner = await anAccount(one, `ends${round}`);
    const incidentId = await anIncident(one, owner);
    const streamId = await aStream(one, incidentId);
    const decisionId = newId('del');
    const end: (() => Promise<unknown>) | undefined = [
      () => two.write(closeIncidentTransaction, { incidentId, at }),
      () => two.write(failStreamTransaction, { incidentId, streamId, failureReason: null, at }),
      () =>
        two.write(requestDeletionTransaction, {
          id: decisionId,
          incidentId,
          source: 'admin_request',
          reasonCode: null,
          actorAccountId: null,
          allowOpen: true,
          at,
          audit: audit(),
        }),
    ][round % 3];
    const expected = ends[round % 3] ?? '';
    // The end comes in the midst of them, where it hurts: after the first, the second … has been answered.
    const answers: string[] = [];
    let ended: Promise<string> | undefined;
    const uploader = async (node: Metadata, first: number) => {
      for (let index = first; index <= 24; index += 6) {
        answers.push(await told(record(node, { incidentId, streamId, index })));
        if (answers.length > round % 5) ended ??= told(Promise.resolve(end?.()));
      }
    };
    await Promise.all([1, 2, 3, 4, 5, 6].map((first) => uploader(first % 2 === 0 ? one : two, first)));
    assert.equal(await ended, 'ok');
    for (const answer of answers) seen.add(answer);
    assert.ok(
      answers.every((answer) => answer === 'ok' || answer === expected),
      `${expected}: ${answers.join()}`,
    );
    const accepted = answers.filter((answer) => answer === 'ok').length;
    assert.equal(await count('chunks', 'incident_id', incidentId), accepted);
    assert.equal(await told(record(one, { incidentId, streamId, index: 99 })), expected);
    const account = await one.read
      .selectFrom('accounts')
      .select('bytes_used')
      .where('id', '=', owner)
      .executeTakeFirstOrThrow();
    assert.equal(account.bytes_used, accepted * 10);
    if (round % 3 === 2) {
      const decision = await one.read
        .selectFrom('incident_deletion_decisions')
        .select('item_count')
        .where('id', '=', decisionId)
        .executeTakeFirstOrThrow();
      assert.equal(decision.item_count, accepted, 'the decision counts every chunk that was accepted');
    }
  }
  assert.deepEqual([...seen].sort(), ['incident_closed', 'incident_deleting', 'ok', 'stream_not_open']);
});

testOnPostgres(
  'one identity, one key, many requests on two nodes: one creates, the others are told which',
  async () => {
    for (let round = 0; round < rounds; round++) {
      const incidentId = await anIncident(one, null);
      const streamId = round % 2 === 0 ? await aStream(one, incidentId) : null;
      const key = round.toString(16).padStart(64, '0');
      const same = await Promise.all(
        Array.from({ length: 8 }, (_, n) => record(n % 2 === 0 ? one : two, { incidentId, streamId, index: 1, key })),
      );
      const created = same.filter((result) => result.created);
      assert.equal(created.length, 1);
      const [chunk] = await one.read.selectFrom('chunks').select('id').where('incident_id', '=', incidentId).execute();
      for (const result of same) if (!result.created) assert.equal(result.chunk.id, chunk?.id);

      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, n) => told(record(n % 2 === 0 ? one : two, { incidentId, streamId, index: 2 }))),
      );
      assert.deepEqual(answers.sort(), [...Array.from({ length: 7 }, () => 'duplicate_chunk'), 'ok']);

      const other = `f${key.slice(1)}`;
      const different = await Promise.all(
        Array.from({ length: 8 }, (_, n) =>
          told(
            record(n % 2 === 0 ? one : two, {
              incidentId,
              streamId,
              index: 10 + n,
              key: other,
              fingerprint: hash(String(n)),
            }),
          ),
        ),
      );
      assert.deepEqual(different.sort(), [...Array.from({ length: 7 }, () => 'idempotency_conflict'), 'ok']);
      assert.equal(await count('chunks', 'incident_id', incidentId), 3);
    }
  },
);

testOnPostgres('a quota holds across incidents and nodes, to the byte', async () => {
  for (let round = 0; round < 10; round++) {
    const owner = await anAccount(one, `quota${round}`);
    const incidents = [await anIncident(one, owner), await anIncident(one, owner)];
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        told(
          record(n % 2 === 0 ? one : two, {
            incidentId: incidents[n % 2] ?? '',
            streamId: null,
            index: n,
            byteSize: 7,
            quota: 70,
          }),
        ),
      ),
    );
    assert.equal(answers.filter((answer) => answer === 'ok').length, 10);
    assert.equal(answers.filter((answer) => answer === 'quota_exceeded').length, 10);
    const account = await one.read
      .selectFrom('accounts')
      .select('bytes_used')
      .where('id', '=', owner)
      .executeTakeFirstOrThrow();
    assert.equal(account.bytes_used, 70);
  }
});

testOnPostgres('an incident gets one owner, who is charged for every chunk that it has', async () => {
  for (let round = 0; round < rounds / 2; round++) {
    const accounts = [await anAccount(one, `heir-a${round}`), await anAccount(one, `heir-b${round}`)];
    const incidentId = await anIncident(one, null);
    const [first, second, ...uploads] = await Promise.all([
      told(one.write(assignOwnerTransaction, { incidentId, accountId: accounts[0] ?? '', at, audit: audit() })),
      told(two.write(assignOwnerTransaction, { incidentId, accountId: accounts[1] ?? '', at, audit: audit() })),
      ...Array.from({ length: 5 }, (_, n) =>
        told(record(n % 2 === 0 ? one : two, { incidentId, streamId: null, index: n })),
      ),
    ]);
    assert.deepEqual([first, second].sort(), ['incident_has_owner', 'ok']);
    assert.ok(
      uploads.every((answer) => answer === 'ok'),
      uploads.join(),
    );
    const incident = await one.read
      .selectFrom('incidents')
      .selectAll()
      .where('id', '=', incidentId)
      .executeTakeFirstOrThrow();
    const used = await one.read
      .selectFrom('accounts')
      .select(['id', 'bytes_used'])
      .where('id', 'in', accounts)
      .execute();
    for (const account of used) assert.equal(account.bytes_used, account.id === incident.owner_account_id ? 50 : 0);
  }
});

testOnPostgres('of nodes that are set up at once, one makes the first administrator', async () => {
  for (let round = 0; round < 8; round++) {
    const dsn = await databases.migrated();
    const nodes = await Promise.all([databases.open(dsn, transactions), databases.open(dsn, transactions)]);
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, n) =>
        told(
          (nodes[n % 2] ?? one).write(createAccountTransaction, {
            account: { id: newId('acct'), username: `root${n}`, password_hash: 'x', role: 'admin' },
            at,
            audit: audit(),
            onlyAsFirstAdministrator: true,
          }),
        ),
      ),
    );
    assert.deepEqual(answers.sort(), [...Array.from({ length: 5 }, () => 'forbidden'), 'ok']);
    await Promise.all(nodes.map((node) => node.close()));
  }
});

testOnPostgres('a username is given once, and the others are told so', async () => {
  for (let round = 0; round < 20; round++) {
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, n) => told(anAccount(n % 2 === 0 ? one : two, `wanted${round}`))),
    );
    assert.deepEqual(answers.sort(), ['ok', ...Array.from({ length: 5 }, () => 'username_conflict')]);
  }
});

testOnPostgres('no session outlives the change of a password that it was not opened with', async () => {
  for (let round = 0; round < rounds; round++) {
    const accountId = await anAccount(one, `holder${round}`);
    const open = (node: Metadata, n: number) =>
      told(
        node.write(openSessionTransaction, {
          session: {
            id: newId('ses'),
            account_id: accountId,
            token_hash: (round * 10 + n).toString(16).padStart(64, '0'),
            kind: 'api',
            created_at: at,
            expires_at: at,
          },
          passwordHash: 'hash-1',
          audit: auditEntry({ actor: 'server', action: 'x', subjectType: 'session' }),
        }),
      );
    const [changed, ...opened] = await Promise.all([
      told(
        two.write(setPasswordTransaction, {
          accountId,
          passwordHash: 'hash-2',
          expectedHash: 'hash-1',
          at,
          audit: audit(),
        }),
      ),
      ...Array.from({ length: 4 }, (_, n) => open(n % 2 === 0 ? one : two, n)),
    ]);
    assert.equal(changed, 'ok');
    assert.ok(
      opened.every((answer) => answer === 'ok' || answer === 'invalid_credentials'),
      opened.join(),
    );
    const live = await one.read
      .selectFrom('auth_sessions')
      .select('id')
      .where('account_id', '=', accountId)
      .where('revoked_at', 'is', null)
      .execute();
    assert.deepEqual(live, []);
    await one.write(revokeSessionsTransaction, { accountId, at, audit: audit() });
  }
});

testOnPostgres('a viewer link is withdrawn once, and a deletion leaves none to be made', async () => {
  for (let round = 0; round < 20; round++) {
    const incidentId = await anIncident(one, null);
    const token = {
      id: newId('itk'),
      incident_id: incidentId,
      label: null,
      created_at: at,
      expires_at: null,
      revoked_at: null,
    };
    await one.write(createTokenTransaction, { ...token, token_hash: round.toString(16).padStart(64, 'a') });
    const revoked = await Promise.all(
      [one, two, one, two].map((node) => node.write(revokeTokenTransaction, { tokenId: token.id, at })),
    );
    assert.equal(revoked.filter(Boolean).length, 1);
  }
});

testOnPostgres('a deletion is decided once and carried out once, by one worker at a time', async () => {
  const log = createLog('silent');
  const blobs = createMemoryBlobStore({ maxBodyBytes: 1e6, stagingQuotaBytes: 1e6 });
  // What other tests decided.
  await runDeletions({ metadata: one, blobs, log }, new AbortController().signal);
  for (let round = 0; round < 10; round++) {
    const owner = await anAccount(one, `gone${round}`);
    const incidentId = await anIncident(one, owner);
    for (let n = 0; n < 5; n++)
      await record(one, { incidentId, streamId: null, index: n, key: `${round}${n}`.padStart(64, 'c') });
    const decisions = await Promise.all(
      [one, two, one, two].map((node) =>
        node.write(requestDeletionTransaction, {
          id: newId('del'),
          incidentId,
          source: 'admin_request',
          reasonCode: null,
          actorAccountId: null,
          allowOpen: true,
          at,
          audit: audit(`decide-${round}`),
        }),
      ),
    );
    assert.equal(new Set(decisions.map(({ id }) => id)).size, 1);
    const decisionId = decisions[0]?.id ?? '';
    const signal = new AbortController().signal;
    const finished = await Promise.all(
      [one, two, one, two].map((metadata) => runDeletions({ metadata, blobs, log }, signal)),
    );
    assert.equal(
      finished.reduce((sum, n) => sum + n, 0),
      1,
      finished.join(),
    );
    const account = await one.read
      .selectFrom('accounts')
      .select('bytes_used')
      .where('id', '=', owner)
      .executeTakeFirstOrThrow();
    assert.equal(account.bytes_used, 0);
    assert.equal(await count('chunks', 'incident_id', incidentId), 0);
    const claim = { decisionId, incidentId, staleBefore: at, at };
    assert.equal(await two.write(claimDeletionTransaction, claim), false, 'it is over');
  }
});

testOnPostgres('a claim is one worker’s until it shows no sign any more', async () => {
  const incidentId = await anIncident(one, null);
  const decision = await one.write(requestDeletionTransaction, {
    id: newId('del'),
    incidentId,
    source: 'admin_request',
    reasonCode: null,
    actorAccountId: null,
    allowOpen: true,
    at,
    audit: audit(),
  });
  const claim = (node: Metadata, staleBefore: string) =>
    node.write(claimDeletionTransaction, { decisionId: decision.id, incidentId, staleBefore, at });
  const before = '2026-01-02T03:00:00.000Z';
  const claims = await Promise.all([one, two, one, two].map((node) => claim(node, before)));
  assert.equal(claims.filter(Boolean).length, 1);
  assert.equal(await claim(two, before), false);
  assert.equal(await claim(two, '2026-01-02T04:00:00.000Z'), true);
});

testOnPostgres('two nodes append to one chain at once: no gap, none twice, nobody is refused', async () => {
  const accounts = await Promise.all(['chain-a', 'chain-b', 'chain-c'].map((name) => anAccount(one, name)));
  const answers: string[] = [];
  const lane = async (node: Metadata, n: number) => {
    for (let round = 0; round < rounds; round++) {
      const accountId = accounts[(n + round) % accounts.length] ?? '';
      const entry = audit('account.revoke_sessions');
      // An act that holds an account before it appends, entries that are gathered, and entries alone.
      if (n % 3 === 0) answers.push(await told(node.write(revokeSessionsTransaction, { accountId, at, audit: entry })));
      else if (n % 3 === 1) answers.push(await told(recordAudit(node, entry)));
      else answers.push(await told(node.write(recordAuditTransaction, entry)));
    }
  };
  const before = await checkStoredChain(one.read);
  await Promise.all(Array.from({ length: 12 }, (_, n) => lane(n % 2 === 0 ? one : two, n)));
  assert.deepEqual([...new Set(answers)], ['ok']);
  const report = await checkStoredChain(two.read);
  assert.deepEqual([report.findings, report.entries], [[], before.entries + answers.length]);
});
