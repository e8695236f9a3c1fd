/** Whoever changes one entry of the log, in either database or in an export, is found, and told by which. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sql } from 'kysely';
import type { AuditLogTable } from '#features/audit/audit.tables.ts';
import { chainHash } from '#features/audit/audit-chain.ts';
import { exportAudit } from '#features/audit/export-audit.ts';
import {
  auditEntry,
  type ChainReport,
  chainHead,
  checkExportedChain,
  checkStoredChain,
  recordAuditTransaction,
} from '#features/audit/index.ts';
import { auditTransactions } from '#features/audit/transactions.ts';
import { newId } from '#kit/ids.ts';
import { timestamp } from '#kit/time.ts';
import { type Metadata, transaction } from '#platform/metadata/metadata.ts';
import { openSqliteInline } from '#platform/metadata/sqlite/inline.ts';
import { testOnBoth } from '../documents/support/databases.ts';

type Row = AuditLogTable & { seq: number; hash: string };

/** Somebody who may write to the database but not to the program. */
const replaceLog = transaction(
  'test.replace_log',
  async (trx, input: { rows: readonly AuditLogTable[]; head?: { seq: number; hash: string; unchained: number } }) => {
    await trx.deleteFrom('audit_log').execute();
    await trx.deleteFrom('audit_head').execute();
    if (input.rows.length > 0)
      await trx
        .insertInto('audit_log')
        .values([...input.rows])
        .execute();
    if (input.head !== undefined)
      await trx
        .insertInto('audit_head')
        .values({ id: 1, ...input.head })
        .execute();
  },
);
const transactions = [...auditTransactions, replaceLog];

const length = 14;
/** Times whose fractions end in zeros, texts of all kinds, and values that are absent. */
async function aLog(
  metadata: Metadata,
): Promise<{ rows: Row[]; head: { seq: number; hash: string; unchained: number } }> {
  for (let n = 0; n < length; n++) {
    const atMs = Date.UTC(2026, 0, 2, 3, 4, 5) + n * 110;
    await metadata.write(
      recordAuditTransaction,
      auditEntry(
        {
          actor: n % 3 === 0 ? 'account' : 'server',
          actorAccountId: n % 3 === 0 ? 'acct_1' : undefined,
          ownerAccountId: n % 2 === 0 ? 'acct_2' : undefined,
          action: `test.act_${n % 4}`,
          subjectType: 'test',
          subjectId: n % 5 === 0 ? undefined : `doc_${n}`,
          outcome: n % 7 === 0 ? 'refused' : 'done',
          detail: [undefined, '', 'a "quoted", text', 'Ünïcödé 🦊', '=1+1'][n % 5],
        },
        atMs,
      ),
    );
  }
  const rows = await metadata.read.selectFrom('audit_log').selectAll().orderBy('seq').execute();
  const head = await chainHead(metadata.read);
  assert.ok(head);
  // Each of them is in the chain.
  return { rows: rows.map((row) => ({ ...row }) as Row), head: { ...head } };
}

const seqsOf = ({ findings }: ChainReport) =>
  findings.flatMap((finding) => {
    if ('to' in finding) return Array.from({ length: finding.to - finding.seq + 1 }, (_, n) => finding.seq + n);
    return 'seq' in finding ? [finding.seq] : [];
  });

const words = {
  id: fc.constant(null).map(() => newId('aud')),
  at: fc.integer({ min: 0, max: 4e12 }).map(timestamp),
  actor_account_id: fc.option(fc.stringMatching(/^acct_[a-z0-9]{1,20}$/)),
  actor: fc.constantFrom('account', 'command_line', 'setup', 'server', 'link', 'unknown'),
  owner_account_id: fc.option(fc.stringMatching(/^acct_[a-z0-9]{1,20}$/)),
  action: fc.stringMatching(/^[a-z]{1,9}\.[a-z]{1,9}$/),
  subject_type: fc.stringMatching(/^[a-z]{1,9}$/),
  subject_id: fc.option(fc.stringMatching(/^doc_[a-z0-9]{1,9}$/)),
  outcome: fc.constantFrom('done', 'refused'),
  detail: fc.option(fc.stringMatching(/^[ -~]{0,30}$/)),
  hash: fc.stringMatching(/^[0-9a-f]{64}$/),
} as const;
type Column = keyof typeof words;

const place = fc.integer({ min: 1, max: length });
type Tampering =
  | { way: 'change'; seq: number; column: Column; value: string | null }
  | { way: 'change and hash anew'; seq: number; column: Exclude<Column, 'hash'>; value: string | null }
  | { way: 'delete'; seq: number }
  | { way: 'cut off'; seq: number }
  | { way: 'cut off, with the end'; seq: number }
  | { way: 'insert behind'; seq: number }
  | { way: 'insert without a place'; seq: number }
  | { way: 'take out of the chain'; seq: number }
  | { way: 'swap'; seq: number; other: number }
  | { way: 'no end'; seq: number };

const tampering: fc.Arbitrary<Tampering> = fc.oneof(
  ...(Object.keys(words) as Column[]).map((column) =>
    fc.record({ way: fc.constant('change' as const), seq: place, column: fc.constant(column), value: words[column] }),
  ),
  ...(Object.keys(words) as Column[])
    .filter((column) => column !== 'hash')
    .map((column) =>
      fc.record({
        way: fc.constant('change and hash anew' as const),
        seq: place,
        column: fc.constant(column),
        value: words[column],
      }),
    ),
  ...(['delete', 'cut off', 'cut off, with the end', 'insert behind', 'insert without a place'] as const).map((way) =>
    fc.record({ way: fc.constant(way), seq: place }),
  ),
  ...(['take out of the chain', 'no end'] as const).map((way) => fc.record({ way: fc.constant(way), seq: place })),
  fc.record({ way: fc.constant('swap' as const), seq: place, other: place }),
) as fc.Arbitrary<Tampering>; // records whose ways are those of the union

/** The log as it is afterwards, and the places of which one must be named; undefined where nothing was changed. */
function tampered(
  log: { rows: readonly Row[]; head: { seq: number; hash: string; unchained: number } },
  how: Tampering,
): { rows: AuditLogTable[]; head?: { seq: number; hash: string; unchained: number }; named: number[] } | undefined {
  const rows: AuditLogTable[] = log.rows.map((row) => ({ ...row }));
  const { seq } = how;
  const row = rows[seq - 1];
  const before = rows[seq - 2];
  assert.ok(row);
  const at = (named: number[], head: typeof log.head | undefined = log.head) => ({
    rows,
    named,
    ...(head === undefined ? {} : { head }),
  });
  switch (how.way) {
    case 'change':
    case 'change and hash anew':
      if (row[how.column] === how.value) return undefined;
      Object.assign(row, { [how.column]: how.value });
      if (how.way === 'change') return at([seq, seq + 1]);
      row.hash = chainHash(seq, before?.hash ?? '0'.repeat(64), row);
      return at([seq, seq + 1]);
    case 'delete':
      rows.splice(seq - 1, 1);
      return at([seq]);
    case 'cut off':
      rows.splice(seq - 1);
      return at([seq]);
    case 'cut off, with the end':
      // What is cut off together with the end is a shorter, whole log: only somebody who noted an end down can tell.
      rows.splice(seq - 1);
      return at([length], seq === 1 ? undefined : { seq: seq - 1, hash: before?.hash ?? '', unchained: 0 });
    case 'insert behind': {
      const added = { ...row, id: newId('aud'), seq: length + 1 };
      rows.push({ ...added, hash: chainHash(length + 1, rows.at(-1)?.hash ?? '', added) });
      return at([length + 1]);
    }
    case 'insert without a place':
      rows.push({ ...row, id: newId('aud'), seq: null, hash: null });
      return at([]);
    case 'take out of the chain':
      Object.assign(row, { seq: null, hash: null });
      return at([seq]);
    case 'swap': {
      const other = rows[how.other - 1];
      if (other === undefined || other === row) return undefined;
      [row.seq, other.seq] = [other.seq, row.seq];
      return at([seq, how.other]);
    }
    case 'no end':
      return { rows, named: [length] };
  }
}

testOnBoth('any single change of a log is found and named by its place', transactions, async (metadata) => {
  const log = await aLog(metadata);
  const expected = { seq: length, hash: log.head.hash };
  const check = () => metadata.snapshot((db) => checkStoredChain(db, { expected }));
  const untouched = await check();
  assert.deepEqual([untouched.ok, untouched.entries, untouched.end], [true, length, expected]);
  let tried = 0;
  await fc.assert(
    fc.asyncProperty(tampering, async (how) => {
      const changed = tampered(log, how);
      if (changed === undefined) return;
      await metadata.write(replaceLog, changed);
      const report = await check();
      assert.equal(report.ok, false, JSON.stringify(how));
      const named = seqsOf(report);
      assert.ok(
        changed.named.length === 0 ? report.findings.length > 0 : changed.named.some((seq) => named.includes(seq)),
        `${JSON.stringify(how)}: ${JSON.stringify(report.findings)}`,
      );
      // Nobody is suspected who was not touched.
      if (how.way === 'change')
        assert.deepEqual(
          named.filter((seq) => !changed.named.includes(seq) && seq !== length),
          [],
        );
      tried += 1;
    }),
    { numRuns: 200 },
  );
  assert.ok(tried > 150);
  await metadata.write(replaceLog, log);
  assert.equal((await check()).ok, true, 'and the log itself is whole');
});

testOnBoth(
  'a log that was made anew is whole in itself, and is found by an end that was noted down',
  transactions,
  async (metadata) => {
    const log = await aLog(metadata);
    const rows = log.rows.map((row) => ({ ...row, ...(row.seq === 3 ? { detail: 'it was not me' } : {}) }));
    let hash = '0'.repeat(64);
    for (const row of rows) {
      hash = chainHash(row.seq, hash, row);
      row.hash = hash;
    }
    await metadata.write(replaceLog, { rows, head: { seq: length, hash, unchained: 0 } });
    assert.equal((await checkStoredChain(metadata.read)).ok, true);
    for (const seq of [3, 9, length]) {
      const expected = { seq, hash: log.rows[seq - 1]?.hash ?? '' };
      assert.deepEqual((await checkStoredChain(metadata.read, { expected })).findings, [
        { kind: 'not_the_expected', seq },
      ]);
    }
    const untouched = { seq: 2, hash: log.rows[1]?.hash ?? '' };
    assert.equal(
      (await checkStoredChain(metadata.read, { expected: untouched })).ok,
      true,
      'before the change all is as it was',
    );
  },
);

testOnBoth('entries that are older than the chain are counted', transactions, async (metadata) => {
  const log = await aLog(metadata);
  const older = log.rows.slice(0, 3).map((row) => ({ ...row, id: newId('aud'), seq: null, hash: null }));
  const head = { ...log.head, unchained: 3 };
  await metadata.write(replaceLog, { rows: [...log.rows, ...older], head });
  const report = await checkStoredChain(metadata.read);
  assert.deepEqual([report.ok, report.entries, report.older], [true, length, 3]);
  await metadata.write(replaceLog, { rows: [...log.rows, ...older.slice(1)], head });
  const fewer = await checkStoredChain(metadata.read);
  assert.deepEqual(fewer.findings, [{ kind: 'older_entries', expected: 3, found: 2 }]);
});

test('any single change of an export is found', async () => {
  const metadata = openSqliteInline({ path: ':memory:', transactions });
  const log = await aLog(metadata);
  const parts = await Array.fromAsync(exportAudit(metadata.read, {}, log.head, 'jsonl'));
  await metadata.close();
  const lines = Buffer.concat(parts).toString().split('\n').slice(0, -1);
  assert.equal(lines.length, length + 1);
  const expected = { seq: length, hash: log.head.hash };
  const check = async (changed: readonly string[]) =>
    await checkExportedChain(async function* () {
      yield* changed;
    }, expected).catch(() => undefined);
  const untouched = await check(lines);
  assert.deepEqual([untouched?.ok, untouched?.entries], [true, length]);
  const line = fc.integer({ min: 0, max: length });
  const way = fc.constantFrom('edit', 'delete', 'double', 'swap', 'cut') as fc.Arbitrary<
    'edit' | 'delete' | 'double' | 'swap' | 'cut'
  >;
  await fc.assert(
    fc.asyncProperty(
      way,
      line,
      line,
      fc.nat(),
      fc.string({ minLength: 1, maxLength: 1 }),
      async (how, a, b, at, character) => {
        const changed = [...lines];
        const one = changed[a] ?? '';
        if (how === 'edit')
          changed[a] = `${one.slice(0, at % one.length)}${character}${one.slice((at % one.length) + 1)}`;
        else if (how === 'delete') changed.splice(a, 1);
        else if (how === 'double') changed.splice(b, 0, one);
        else if (how === 'swap') [changed[a], changed[b]] = [changed[b] ?? '', one];
        else changed.splice(a);
        if (changed.join('\n') === lines.join('\n')) return;
        assert.notEqual((await check(changed))?.ok, true, `${how} ${a} ${b} ${at} ${character}`);
      },
    ),
    { numRuns: 1_500 },
  );
});

testOnBoth('whatever is appended at once by many stands in one chain without a gap', transactions, async (metadata) => {
  await Promise.all(
    Array.from({ length: 60 }, (_, n) =>
      metadata.write(
        recordAuditTransaction,
        auditEntry({ actor: 'server', action: 'test.at_once', subjectType: 'test', detail: String(n) }),
      ),
    ),
  );
  const report = await checkStoredChain(metadata.read);
  assert.deepEqual([report.ok, report.entries], [true, 60]);
  const { rows } = await sql<{ n: number }>`select count(distinct seq) as n from audit_log`.execute(metadata.read);
  assert.equal(Number(rows[0]?.n), 60);
});
