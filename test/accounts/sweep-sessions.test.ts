import assert from 'node:assert/strict';
import { sweepSessions } from '#features/accounts/index.ts';
import { accountTransactions } from '#features/accounts/transactions.ts';
import { timestamp } from '#kit/time.ts';
import { at, insert, rowOf, testOnBoth } from '../documents/support/databases.ts';

testOnBoth('what has expired is swept, in bounded steps, and nothing else', accountTransactions, async (metadata) => {
  const [past, future] = [timestamp(Date.now() - 1_000), timestamp(Date.now() + 60_000)];
  const hashOf = (n: number) => n.toString(16).padStart(64, '0');
  const session = (n: number, expires_at: string) => ({
    table: 'auth_sessions',
    values: { id: `ses_${n}`, account_id: 'acct_1', token_hash: hashOf(n), kind: 'api', created_at: at, expires_at },
  });
  const refresh = (n: number, expires_at: string) => ({
    table: 'refresh_tokens',
    values: {
      ...{
        id: `rft_${n}`,
        account_id: 'acct_1',
        family_id: 'fam_1',
        token_hash: hashOf(n),
        created_at: at,
        expires_at,
      },
      ...(n % 2 === 0 ? { used_at: past, successor_id: 'rft_0' } : {}),
    },
  });
  await insert(metadata, rowOf.account('acct_1'), session(0, future), refresh(0, future));
  for (let n = 1; n <= 1_201; n++) await insert(metadata, session(n, past), ...(n <= 30 ? [refresh(n, past)] : []));
  assert.equal(await sweepSessions({ metadata }, AbortSignal.abort()), 0);
  assert.equal(await sweepSessions({ metadata }, new AbortController().signal), 1_231);
  for (const [table, id] of [
    ['auth_sessions', 'ses_0'],
    ['refresh_tokens', 'rft_0'],
  ] as const)
    assert.deepEqual(
      (await metadata.read.selectFrom(table).select('id').execute()).map((row) => row.id),
      [id],
    );
});
