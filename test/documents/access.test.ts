/** Who may do what, against a model of a few lines, on random trees of folders with random shares. */
import assert from 'node:assert/strict';
import {
  type Access,
  type Claim,
  documentFor,
  documentToChange,
  folderFor,
  folderHeld,
  folderToChange,
} from '#features/documents/access.ts';
import { isProblem } from '#kit/errors.ts';
import { type Row, updateRow } from '#platform/metadata/contract/transactions.ts';
import { type Metadata, transaction } from '#platform/metadata/metadata.ts';
import { freshSeed, type Random, seeded } from '../support/random.ts';
import { insert, rowOf, testOnBoth } from './support/databases.ts';

const past = '2020-01-01T00:00:00.000Z';
const future = '2099-01-01T00:00:00.000Z';
const now = '2026-11-25T12:00:00.000Z';
const needs = ['view', 'edit', 'own'] as const satisfies Access[];

interface Thing {
  id: string;
  kind: 'document' | 'folder';
  owner: string;
  /** The folder it lies in. */
  parent: Thing | undefined;
  trashed: boolean;
}

interface Share {
  on: Thing;
  to: { account: string } | { group: string } | 'link';
  access: 'view' | 'edit';
  expires: 'never' | 'past' | 'future';
  revoked: boolean;
}

interface Forest {
  accounts: string[];
  groups: Map<string, Set<string>>;
  things: Thing[];
  shares: Share[];
}

function grow(random: Random, mark: string): Forest {
  const accounts = ['a', 'b', 'c'].map((name) => `acct_${mark}${name}`);
  const [first, second, third] = accounts;
  assert.ok(first && second && third);
  const groups = new Map(
    ['g', 'h'].map((name) => [`grp_${mark}${name}`, new Set(accounts.filter(() => random.chance(0.5)))]),
  );
  const things: Thing[] = [];
  for (let n = 0; n < 16; n++) {
    const kind = n < 8 ? 'folder' : 'document';
    const owner = random.chance(0.8) ? first : second;
    const parents = things.filter((other) => other.kind === 'folder' && other.owner === owner);
    // Mostly deep: the last one made.
    const parent = random.chance(0.8) ? parents.at(random.chance(0.7) ? -1 : 0) : undefined;
    things.push({
      id: `${kind === 'folder' ? 'fld' : 'doc'}_${mark}${n}`,
      kind,
      owner,
      parent,
      trashed: random.chance(0.04),
    });
  }
  const shares: Share[] = [];
  for (let n = random.between(2, 9); n > 0; n--) {
    const on = things[random.between(0, things.length - 1)];
    assert.ok(on);
    shares.push({
      on,
      to: random.pick([
        { account: random.pick([second, third, first]) },
        { account: third },
        { group: random.pick([`grp_${mark}g`, `grp_${mark}h`]) },
        'link',
      ]),
      access: random.pick(['view', 'edit']),
      expires: random.pick(['never', 'future', 'never', 'future', 'past']),
      revoked: random.chance(0.15),
    });
  }
  for (const share of shares) if (share.to === 'link') share.access = 'view';
  return { accounts, groups, things, shares };
}

/** The rule, as one would tell it to somebody. */
function allowed(forest: Forest, account: string, thing: Thing): Access | undefined {
  if (thing.owner === account) return 'own';
  const path: Thing[] = [];
  for (let one: Thing | undefined = thing; one !== undefined; one = one.parent) path.push(one);
  if (path.some(({ trashed }) => trashed)) return undefined;
  const mine = forest.shares.filter(({ on, to, expires, revoked }) => {
    if (!path.includes(on) || revoked || expires === 'past' || to === 'link') return false;
    return 'account' in to ? to.account === account : forest.groups.get(to.group)?.has(account) === true;
  });
  if (mine.some(({ access }) => access === 'edit')) return 'edit';
  return mine.length > 0 ? 'view' : undefined;
}

function expected(thing: Thing, has: Access | undefined, need: Access): string {
  if (has === undefined) return `${thing.kind}_not_found`;
  return needs.indexOf(has) >= needs.indexOf(need) ? thing.id : 'forbidden';
}

function rowsOf({ accounts, groups, things, shares }: Forest): Row[] {
  const trashed = (thing: Thing) => ({ trashed_at: thing.trashed ? past : null });
  return [
    ...accounts.map(rowOf.account),
    ...[...groups].flatMap(([id, members]) => [rowOf.group(id), ...[...members].map((one) => rowOf.member(id, one))]),
    ...things.map((one) => {
      const common = { owner_account_id: one.owner, name: one.id, ...trashed(one) };
      return one.kind === 'folder'
        ? rowOf.folder(one.id, { ...common, parent_id: one.parent?.id ?? null })
        : rowOf.document(one.id, { ...common, folder_id: one.parent?.id ?? null });
    }),
    ...shares.map(({ on, to, access, expires, revoked }, n) => {
      const id = `shr_${on.id}${n}`;
      const hash = Buffer.from(id.padEnd(32, '.')).toString('hex').slice(0, 64);
      return rowOf.share(id, {
        owner_account_id: on.owner,
        [`${on.kind}_id`]: on.id,
        access,
        expires_at: { never: null, past, future }[expires],
        revoked_at: revoked ? past : null,
        ...(to === 'link'
          ? { kind: 'link', token_hash: hash, link_key: 'x' }
          : 'account' in to
            ? { kind: 'account', account_id: to.account }
            : { kind: 'group', group_id: to.group }),
      });
    }),
  ];
}

const documentInside = transaction('test.document', (trx, claim: Claim) => documentToChange(trx, claim));
const folderInside = transaction('test.folder', (trx, claim: Claim) => folderToChange(trx, claim));
const folderInto = transaction('test.folder-held', (trx, claim: Claim) => folderHeld(trx, claim));

/** Its id, or the code of the refusal. */
async function told(asked: Promise<{ id: string }>): Promise<string> {
  return await asked.then(
    ({ id }) => id,
    (error: unknown) => {
      if (isProblem(error)) return error.code;
      throw error;
    },
  );
}

async function ways(metadata: Metadata, accountId: string, { id, kind }: Thing, need: Access): Promise<string[]> {
  const claim = { accountId, id, need, at: now };
  if (kind === 'document')
    return [
      await told(documentFor(metadata.read, { accountId }, id, need)),
      await told(metadata.write(documentInside, claim)),
    ];
  return [
    await told(folderFor(metadata.read, { accountId }, id, need)),
    await told(metadata.write(folderInside, claim)),
    await told(metadata.write(folderInto, claim)),
  ];
}

testOnBoth(
  'every account may do with every thing what the model says, asked outside and inside of a transaction',
  [documentInside, folderInside, folderInto],
  async (metadata) => {
    const seed = freshSeed();
    const random = seeded(seed);
    const met = new Map<string, number>();
    for (let round = 0; round < 20; round++) {
      const forest = grow(random, `${round}x`);
      await insert(metadata, ...rowsOf(forest));
      for (const account of forest.accounts)
        for (const thing of forest.things)
          for (const need of needs) {
            const has = allowed(forest, account, thing);
            const due = expected(thing, has, need);
            const where = `seed ${seed}, round ${round}: ${account} wants to ${need} ${thing.id}`;
            for (const answer of await ways(metadata, account, thing, need)) assert.equal(answer, due, where);
            met.set(`${has}-${need}`, (met.get(`${has}-${need}`) ?? 0) + 1);
          }
    }
    for (const has of ['own', 'edit', 'view', undefined])
      assert.ok((met.get(`${has}-edit`) ?? 0) > 10, `seed ${seed}: ${has} is met`);
  },
);

testOnBoth('folders that lie in one another, which no request brings about, end the question', [], async (metadata) => {
  const { read } = metadata;
  await insert(
    metadata,
    rowOf.account('acct_a'),
    rowOf.account('acct_b'),
    rowOf.folder('fld_1', { owner_account_id: 'acct_a', name: '1', parent_id: null }),
    rowOf.folder('fld_2', { owner_account_id: 'acct_a', name: '2', parent_id: 'fld_1' }),
  );
  await metadata.write(updateRow, { table: 'folders', id: 'fld_1', values: { parent_id: 'fld_2' } });
  assert.equal(await told(folderFor(read, { accountId: 'acct_b' }, 'fld_1', 'view')), 'folder_not_found');
});
