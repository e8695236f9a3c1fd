import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProblem, type Problem } from '#kit/errors.ts';
import { type Metadata, transaction } from '#platform/metadata/metadata.ts';
import { anOpenStream, hash, rows } from './rows.ts';
import * as contract from './transactions.ts';

const { anyTables } = contract;

async function ids(metadata: Metadata, table: string): Promise<unknown[]> {
  const found = await anyTables(metadata.read).selectFrom(table).select('id').orderBy('id').execute();
  return found.map(({ id }) => id);
}

function hasCode(code: Problem['code']): (error: unknown) => boolean {
  return (error) => isProblem(error, code);
}

export function transactionsContract(open: () => Promise<Metadata>): void {
  test('a write is read back once it resolved', async () => {
    const metadata = await open();
    for (let n = 1; n <= 50; n++) {
      await metadata.write(contract.insertRows, [rows.account({ id: `acct_${n}`, username: `u${n}` })]);
      assert.equal((await ids(metadata, 'accounts')).length, n);
    }
  });

  test('a body that throws leaves nothing, and its Problem arrives whole', async () => {
    const metadata = await open();
    await assert.rejects(metadata.write(contract.insertThenRefuse, anOpenStream()), (error) => {
      assert.ok(isProblem(error, 'quota_exceeded'));
      assert.equal(error.message, 'Refused on purpose.');
      assert.deepEqual(error.body, { rows: 3 });
      assert.equal(error.retryAfterSeconds, 7);
      assert.equal(error.kind, 'too_large');
      return true;
    });
    assert.deepEqual(await ids(metadata, 'accounts'), []);
  });

  test('bodies that throw do not disturb their neighbours, before or after', async () => {
    const metadata = await open();
    const results = await Promise.allSettled(
      Array.from({ length: 60 }, (_, n) => {
        const account = rows.account({ id: `acct_${String(n).padStart(2, '0')}`, username: `u${n}` });
        if (n % 3 === 0) return metadata.write(contract.insertThenRefuse, [account]);
        if (n % 3 === 1) return metadata.write(contract.insertRows, [account]);
        return metadata.write(contract.breakDown, undefined);
      }),
    );
    results.forEach((result, n) => {
      if (n % 3 === 1) assert.equal(result.status, 'fulfilled');
      else
        assert.ok(
          result.status === 'rejected' && isProblem(result.reason, n % 3 ? 'internal_error' : 'quota_exceeded'),
        );
    });
    assert.deepEqual(
      await ids(metadata, 'accounts'),
      Array.from({ length: 20 }, (_, n) => `acct_${String(n * 3 + 1).padStart(2, '0')}`),
    );
  });

  test('a caught constraint keeps its kind; an uncaught one is a defect without detail', async () => {
    const metadata = await open();
    await metadata.write(contract.insertRows, [rows.account()]);
    await assert.rejects(metadata.write(contract.insertRows, [rows.account()]), (error) => {
      return isProblem(error, 'invalid_request') && error.body?.violated === 'unique';
    });
    await assert.rejects(metadata.write(contract.insertUncaught, rows.account()), (error) => {
      assert.ok(isProblem(error, 'internal_error'));
      assert.doesNotMatch(error.message, /accounts|unique/i);
      return true;
    });
  });

  test('128 writers add up', async () => {
    const metadata = await open();
    await metadata.write(contract.insertRows, [rows.account()]);
    const seen = await Promise.all(
      Array.from({ length: 128 }, () => metadata.write(contract.addBytes, { accountId: 'acct_1', bytes: 3 })),
    );
    assert.deepEqual(
      seen.toSorted((a, b) => a - b),
      Array.from({ length: 128 }, (_, n) => (n + 1) * 3),
    );
  });

  test('128 writers number a stream without gap or double', async () => {
    const metadata = await open();
    await metadata.write(contract.insertRows, anOpenStream());
    const indexes = await Promise.all(
      Array.from({ length: 128 }, (_, n) => metadata.write(contract.appendChunk, rows.chunk({ id: `chk_${n}` }))),
    );
    assert.deepEqual(
      indexes.toSorted((a, b) => a - b),
      Array.from({ length: 128 }, (_, n) => n + 1),
    );
  });

  test('128 racing claims of one identity: one winner', async () => {
    const metadata = await open();
    await metadata.write(contract.insertRows, anOpenStream());
    const claims = await Promise.all(
      Array.from({ length: 128 }, (_, n) => metadata.write(contract.claimRow, rows.chunk({ id: `chk_${n}` }))),
    );
    assert.equal(claims.filter(Boolean).length, 1);
    const inserts = await Promise.allSettled(
      Array.from({ length: 128 }, (_, n) =>
        metadata.write(contract.insertRows, [rows.token({ id: `itk_${n}`, token_hash: hash('e') })]),
      ),
    );
    assert.equal(inserts.filter(({ status }) => status === 'fulfilled').length, 1);
    for (const insert of inserts)
      assert.ok(insert.status === 'fulfilled' || isProblem(insert.reason, 'invalid_request'));
  });

  test('one caller writing in sequence sees its order', async () => {
    const metadata = await open();
    await metadata.write(contract.insertRows, anOpenStream());
    for (let n = 1; n <= 20; n++) {
      assert.equal(await metadata.write(contract.appendChunk, rows.chunk({ id: `chk_${n}` })), n);
    }
  });

  test('inputs and outputs keep their types', async () => {
    const metadata = await open();
    const value = {
      text: 'é\u0000😀',
      number: -0.5,
      big: 2n ** 64n,
      none: null,
      absent: undefined,
      list: [1, [2]],
      bytes: new Uint8Array([0, 255]),
      when: new Date(1),
      map: new Map([['a', new Set([1])]]),
    };
    assert.deepEqual(await metadata.write(contract.echo, value), value);
    for (const plain of [undefined, null, 0, '', false])
      assert.equal(await metadata.write(contract.echo, plain), plain);
  });

  test('a body cannot reach into the objects of its caller', async () => {
    const metadata = await open();
    const value = { inner: [1] };
    const output = await metadata.write(contract.echo, value);
    assert.notEqual(output, value);
    assert.deepEqual(output, value);
  });

  test('an input that cannot be carried is refused alone', async () => {
    const metadata = await open();
    const results = await Promise.allSettled([
      metadata.write(contract.insertRows, [rows.account()]),
      metadata.write(contract.echo, () => 1),
      metadata.write(contract.echo, 'after'),
    ]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    assert.ok(results[1]?.status === 'rejected' && results[1].reason instanceof TypeError);
  });

  test('an output that cannot be carried rolls back', async () => {
    const metadata = await open();
    await assert.rejects(metadata.write(contract.answerWithFunction, rows.account()), hasCode('internal_error'));
    assert.deepEqual(await ids(metadata, 'accounts'), []);
  });

  test('values that a database would bend are refused', async () => {
    const metadata = await open();
    for (const value of [true, new Date(0), new Map()]) {
      await assert.rejects(metadata.write(contract.bindValue, value), hasCode('internal_error'));
    }
  });

  test('a transaction of no slice is refused by name', async () => {
    const metadata = await open();
    const unknown = transaction('contract.unknown', async () => 1);
    await assert.rejects(metadata.write(unknown, undefined), /contract\.unknown/);
  });

  test('reading refuses to write', async () => {
    const metadata = await open();
    const insert = anyTables(metadata.read).insertInto('accounts').values(rows.account().values);
    await assert.rejects(insert.execute());
    await assert.rejects(metadata.read.transaction().execute(async () => 1));
    assert.deepEqual(await ids(metadata, 'accounts'), []);
  });

  test('a snapshot stays as it was while others write, and ends with its callback', async () => {
    const metadata = await open();
    await metadata.write(contract.insertRows, [rows.account()]);
    const seen = await metadata.snapshot(async (db) => {
      const names = async () => (await anyTables(db).selectFrom('accounts').select('id').execute()).length;
      const before = await names();
      await metadata.write(contract.insertRows, [rows.account({ id: 'acct_2', username: 'bo' })]);
      assert.deepEqual(await ids(metadata, 'accounts'), ['acct_1', 'acct_2']);
      return [before, await names()];
    });
    assert.deepEqual(seen, [1, 1]);
    // In a snapshot of its own: PostgreSQL takes no other query after one that failed.
    await assert.rejects(metadata.snapshot((db) => anyTables(db).deleteFrom('accounts').execute()));
    const later = await metadata.snapshot(async (db) => anyTables(db).selectFrom('accounts').select('id').execute());
    assert.equal(later.length, 2);
    await assert.rejects(
      metadata.snapshot(async () => {
        throw new RangeError('as the callback said');
      }),
      RangeError,
    );
    await metadata.write(contract.insertRows, [rows.account({ id: 'acct_3', username: 'cy' })]);
  });

  test('statistics count commits, and a rolled back body is none', async () => {
    const metadata = await open();
    const before = metadata.statistics();
    const writes = Array.from({ length: 40 }, () => metadata.write(contract.echo, 1));
    assert.equal(metadata.statistics().queued, 40);
    await Promise.all(writes);
    await assert.rejects(metadata.write(contract.breakDown, undefined));
    const after = metadata.statistics();
    assert.equal(after.transactions - before.transactions, 40);
    assert.equal(after.queued, 0);
    assert.ok(after.groups > before.groups && after.groups - before.groups <= 41);
  });

  test('closing finishes what was asked before and refuses what comes after', async () => {
    const metadata = await open();
    assert.equal(await metadata.health(), 'ok');
    const writes = Array.from({ length: 300 }, (_, n) => metadata.write(contract.echo, n));
    const closed = metadata.close();
    await assert.rejects(metadata.write(contract.echo, 1), hasCode('shutting_down'));
    assert.deepEqual(
      await Promise.all(writes),
      Array.from({ length: 300 }, (_, n) => n),
    );
    await Promise.all([closed, metadata.close()]);
    assert.equal(await metadata.health(), 'unavailable');
  });
}
