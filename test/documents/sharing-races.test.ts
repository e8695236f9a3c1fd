/** What is decided by a share, while others use it up or take it away: on both databases. */
import assert from 'node:assert/strict';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { auditEntry } from '#features/audit/index.ts';
import { type Claim, folderHeld } from '#features/documents/access.ts';
import { removeMemberTransaction } from '#features/documents/groups/groups.transactions.ts';
import { countDownloadTransaction } from '#features/documents/links/links.transactions.ts';
import { revokeShareTransaction } from '#features/documents/shares/shares.transactions.ts';
import { isProblem } from '#kit/errors.ts';
import { newId } from '#kit/ids.ts';
import { anyTables } from '#platform/metadata/contract/transactions.ts';
import { type Metadata, transaction } from '#platform/metadata/metadata.ts';
import { at, insert, rowOf, testOnBoth } from './support/databases.ts';

const audit = (action = 'test') => auditEntry({ actor: 'link', action, subjectType: 'share' });

async function told(asked: Promise<unknown>): Promise<string> {
  return await asked.then(
    () => 'ok',
    (error: unknown) => {
      assert.ok(isProblem(error), String(error));
      return error.code;
    },
  );
}

const tally = (answers: readonly string[], code: string) => answers.filter((answer) => answer === code).length;

testOnBoth(
  'a link allows exactly as many downloads as it says, and each is on the log',
  [countDownloadTransaction],
  async (metadata) => {
    await insert(metadata, rowOf.account('acct_a'), rowOf.document('doc_1', { owner_account_id: 'acct_a', name: '1' }));
    for (const [n, allowed] of [1, 7, 40].entries()) {
      const id = `shr_${n}`;
      await insert(
        metadata,
        rowOf.share(id, {
          ...{ owner_account_id: 'acct_a', document_id: 'doc_1', kind: 'link' },
          ...{ token_hash: String(n).repeat(64), link_key: 'x', max_downloads: allowed },
        }),
      );
      const answers = await Promise.all(
        Array.from({ length: 30 }, () =>
          told(metadata.write(countDownloadTransaction, { shareId: id, at, audit: audit(id) })),
        ),
      );
      const due = Math.min(30, allowed);
      assert.deepEqual([tally(answers, 'ok'), tally(answers, 'share_invalid')], [due, 30 - due]);
      const share = await metadata.read
        .selectFrom('shares')
        .select('downloads')
        .where('id', '=', id)
        .executeTakeFirst();
      assert.equal(Number(share?.downloads), due);
      const entries = await metadata.read.selectFrom('audit_log').select('id').where('action', '=', id).execute();
      assert.equal(entries.length, due);
    }
  },
);

/** An upload into a shared folder, as the transactions of documents begin and end. */
const addInto = transaction('test.add_into', async (trx, input: { claim: Claim; id: string }) => {
  const folder = await folderHeld(trx, input.claim);
  await anyTables(trx)
    .insertInto('documents')
    .values({
      ...rowOf.document(input.id, { owner_account_id: folder.owner_account_id, folder_id: folder.id, name: input.id })
        .values,
    })
    .execute();
});

async function prepared(metadata: Metadata, mark: string) {
  const [folder, outer, share, group] = [`fld_${mark}`, `fld_${mark}o`, `shr_${mark}`, `grp_${mark}`];
  const owner_account_id = 'acct_a';
  await insert(
    metadata,
    rowOf.group(group),
    rowOf.member(group, 'acct_b'),
    rowOf.folder(outer, { owner_account_id, name: outer }),
    rowOf.folder(folder, { owner_account_id, name: folder, parent_id: outer }),
    rowOf.share(share, { owner_account_id, folder_id: outer, kind: 'group', group_id: group, access: 'edit' }),
  );
  return { folder, share, group };
}

testOnBoth(
  'once a share is revoked or a member is out, nothing more is done by it',
  [addInto, revokeShareTransaction, removeMemberTransaction],
  async (metadata) => {
    await insert(metadata, rowOf.account('acct_a'), rowOf.account('acct_b'));
    for (let round = 0; round < 20; round++) {
      const { folder, share, group } = await prepared(metadata, `r${round}x`);
      const add = () =>
        metadata.write(addInto, { claim: { accountId: 'acct_b', id: folder, need: 'edit', at }, id: newId('doc') });
      assert.equal(await told(add()), 'ok');
      let isOver = false;
      const adding = Array.from({ length: 12 }, async (_, n) => {
        for (let turns = 0; turns < n; turns++) await setImmediate();
        const startedAfter = isOver;
        const answer = await told(add());
        assert.ok(answer === 'folder_not_found' || (answer === 'ok' && !startedAfter), `round ${round}: ${answer}`);
      });
      await setTimeout(round % 6);
      const ending =
        round % 2 === 0
          ? metadata.write(revokeShareTransaction, { shareId: share, ownerId: 'acct_a', at, audit: audit() })
          : metadata.write(removeMemberTransaction, { groupId: group, accountId: 'acct_b', at, audit: audit() });
      await ending;
      isOver = true;
      const count = async () =>
        (await metadata.read.selectFrom('documents').select('id').where('folder_id', '=', folder).execute()).length;
      const kept = await count();
      await Promise.all(adding);
      assert.equal(await count(), kept, 'what was in when the answer came is all that there ever is');
    }
  },
);
