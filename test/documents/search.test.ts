/** What is found, and in which order, against a model of a few lines, on both databases. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foldText, indexedWords } from '#features/documents/search/fold-text.ts';
import { searchDocuments } from '#features/documents/search/search.store.ts';
import { parseSearch, type SearchQuery, type Term } from '#features/documents/search/search-query.ts';
import { snippetOf } from '#features/documents/search/snippet.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { freshSeed, type Random, seeded } from '../support/random.ts';
import { at, insert, rowOf, testOnBoth } from './support/databases.ts';

const vocabulary = [
  'Miete',
  'März',
  'Straße',
  '2024',
  'Rechnung',
  'rechnungen',
  'École',
  '漢字',
  'a',
  'über-morgen',
  '1e5',
  '한국어',
] as const;

interface Written {
  id: string;
  owner: string;
  name: string;
  topics: string;
  body: string;
  updatedAt: string;
  trashed: boolean;
}

const asking = (accountId: string) => ({ accountId, at });

async function put(metadata: Metadata, document: Written): Promise<void> {
  const { id, owner, name, topics, body, updatedAt, trashed } = document;
  await insert(
    metadata,
    rowOf.document(id, {
      owner_account_id: owner,
      name: `${name} ${id}`,
      updated_at: updatedAt,
      trashed_at: trashed ? at : null,
    }),
    {
      table: 'document_texts',
      values: {
        document_id: id,
        version: 1,
        name: foldText(name),
        topics: foldText(topics),
        words: indexedWords(body),
        body,
      },
    },
  );
}

const stands = ({ words, open }: Term, folded: string): boolean => {
  const all = folded.split(' ');
  return all.some((_, start) =>
    words.every((word, n) => {
      const there = all[start + n] ?? '';
      return open && n === words.length - 1 ? there.startsWith(word) : there === word;
    }),
  );
};

/** 0: not found. Words in a row stand in one of the three. */
function tierOf({ wanted, unwanted }: SearchQuery, { name, topics, body }: Written): number {
  const fields = [name, topics, body].map(foldText);
  const within = (term: Term, count: number) => fields.slice(0, count).some((field) => stands(term, field));
  if (unwanted.some((term) => within(term, 3))) return 0;
  for (const tier of [1, 2, 3]) if (wanted.every((term) => within(term, tier))) return tier;
  return 0;
}

function expected(query: SearchQuery, all: readonly Written[], owner: string): string[] {
  return all
    .filter((document) => document.owner === owner && !document.trashed)
    .map((document) => ({ document, tier: tierOf(query, document) }))
    .filter(({ tier }) => tier > 0)
    .sort(
      (a, b) =>
        a.tier - b.tier ||
        (a.document.updatedAt < b.document.updatedAt
          ? 1
          : a.document.updatedAt > b.document.updatedAt
            ? -1
            : a.document.id < b.document.id
              ? 1
              : -1),
    )
    .map(({ document }) => document.id);
}

const someWords = (random: Random, most: number) =>
  Array.from({ length: random.between(0, most) }, () => random.pick(vocabulary)).join(' ');

function question(random: Random): string {
  const one = () => {
    const word = random.pick(vocabulary);
    if (random.chance(0.2)) return `"${word} ${random.pick(vocabulary)}"`;
    if (random.chance(0.15)) return `-${word}`;
    return random.chance(0.3) ? word.slice(0, 3) : word.toUpperCase();
  };
  return Array.from({ length: random.between(1, 3) }, one).join(' ') + (random.chance(0.5) ? ' ' : '');
}

const seed = freshSeed();

testOnBoth('what is found and in which order follows the rule', [], async (metadata) => {
  const random = seeded(seed);
  await insert(metadata, rowOf.account('acct_a'), rowOf.account('acct_b'));
  const all: Written[] = [];
  for (let n = 0; n < 120; n++) {
    const document = {
      id: `doc_${String(n).padStart(3, '0')}`,
      owner: random.chance(0.8) ? 'acct_a' : 'acct_b',
      name: someWords(random, 3),
      topics: someWords(random, 2),
      body: someWords(random, 12),
      updatedAt: `2026-01-0${random.between(1, 9)}T00:00:00.000Z`,
      trashed: random.chance(0.1),
    };
    all.push(document);
    await put(metadata, document);
  }
  let found = 0;
  for (let n = 0; n < 150; n++) {
    const typed = question(random);
    const query = parseSearch(typed);
    if (query === undefined) continue;
    const rows = await searchDocuments(metadata, asking('acct_a'), { query }, { limit: 500 });
    assert.deepEqual(
      rows.map(({ id }) => id),
      expected(query, all, 'acct_a'),
      `seed ${seed}: ${typed}`,
    );
    found += rows.length;
    // Page by page it is the same.
    const paged: string[] = [];
    for (let last = undefined as (typeof rows)[number] | undefined; ; ) {
      const after = last === undefined ? {} : { after: { tier: last.tier, updatedAt: last.updated_at, id: last.id } };
      const page = await searchDocuments(metadata, asking('acct_a'), { query }, { limit: 7, ...after });
      paged.push(...page.map(({ id }) => id));
      last = page.at(-1);
      if (page.length < 7) break;
    }
    assert.deepEqual(
      paged,
      rows.map(({ id }) => id),
      `seed ${seed}: ${typed}, in pages`,
    );
  }
  assert.ok(found > 200, `the questions found only ${found}`);
});

testOnBoth('what is shared is found, what was is not; a topic narrows it', [], async (metadata) => {
  await insert(
    metadata,
    rowOf.account('acct_a'),
    rowOf.account('acct_b'),
    rowOf.folder('fld_1', { owner_account_id: 'acct_b', name: 'outer' }),
    rowOf.folder('fld_2', { owner_account_id: 'acct_b', name: 'inner', parent_id: 'fld_1' }),
  );
  const written = { owner: 'acct_b', name: 'Miete', topics: '', body: '', updatedAt: at, trashed: false };
  for (const id of ['doc_1', 'doc_2', 'doc_3', 'doc_4']) await put(metadata, { ...written, id });
  const query = parseSearch('miete');
  assert.ok(query);
  const found = async (topic?: string) =>
    (
      await searchDocuments(
        metadata,
        asking('acct_a'),
        { query, ...(topic === undefined ? {} : { topic }) },
        { limit: 10 },
      )
    ).map(({ id }) => id);
  assert.deepEqual(await found(), []);
  const share = { owner_account_id: 'acct_b', kind: 'account', account_id: 'acct_a' };
  await insert(
    metadata,
    rowOf.share('shr_1', { ...share, document_id: 'doc_1' }),
    rowOf.share('shr_2', { ...share, document_id: 'doc_2', revoked_at: at }),
    rowOf.share('shr_3', { ...share, folder_id: 'fld_1' }),
    rowOf.document('doc_5', { owner_account_id: 'acct_b', name: 'Miete', folder_id: 'fld_2' }),
    {
      table: 'document_texts',
      values: { document_id: 'doc_5', version: 1, name: 'miete', topics: '', words: '', body: '' },
    },
  );
  assert.deepEqual(await found(), ['doc_5', 'doc_1']);
  await insert(
    metadata,
    { table: 'topics', values: { id: 'top_1', owner_account_id: 'acct_b', name: 'Wohnen', created_at: at } },
    {
      table: 'document_topics',
      values: {
        document_id: 'doc_1',
        topic_id: 'top_1',
        owner_account_id: 'acct_b',
        state: 'confirmed',
        created_at: at,
      },
    },
    {
      table: 'document_topics',
      values: {
        document_id: 'doc_5',
        topic_id: 'top_1',
        owner_account_id: 'acct_b',
        state: 'suggested',
        created_at: at,
      },
    },
  );
  assert.deepEqual(await found('Wohnen'), ['doc_1']);
});

testOnBoth('a text of any size and kind can be kept, and is found by its last word', [], async (metadata) => {
  await insert(metadata, rowOf.account('acct_a'));
  const random = seeded(seed);
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789äß漢';
  const distinct = Array.from({ length: 120_000 }, (_, n) => `${n.toString(36)}${letters[random.between(0, 38)]}`).join(
    ' ',
  );
  const bodies = [
    distinct,
    'x'.repeat(1_000_000),
    '漢'.repeat(300_000),
    `${'lorem '.repeat(160_000)}zuletzt`,
    '\u0301'.repeat(1000),
  ];
  for (const [n, body] of bodies.entries())
    await put(metadata, {
      id: `doc_${n}`,
      owner: 'acct_a',
      name: 'n',
      topics: '',
      body,
      updatedAt: at,
      trashed: false,
    });
  const query = parseSearch('zuletzt');
  assert.ok(query);
  const rows = await searchDocuments(metadata, asking('acct_a'), { query }, { limit: 10 });
  assert.deepEqual(
    rows.map(({ id }) => id),
    ['doc_3'],
  );
});

test('a snippet shows the words that were asked for, as the document writes them', () => {
  const query = parseSearch('strasse 漢字 rechn');
  assert.ok(query);
  const body = `${'Vorwort und Inhalt. '.repeat(30)}Die STRAẞE\nund 漢字 stehen in der Rechnung.${' Nachwort.'.repeat(50)}`;
  const parts = snippetOf(body, query) ?? [];
  assert.deepEqual(
    parts.filter(({ match }) => match).map(({ text }) => text),
    ['STRAẞE', '漢字', 'Rechnung'],
  );
  assert.ok(
    parts
      .map(({ text }) => text)
      .join('')
      .includes('STRAẞE und 漢字 stehen in der Rechnung.'),
  );
  assert.equal(snippetOf('nichts davon', query), undefined);
});

test('nothing that people type is a mistake', () => {
  for (const typed of [
    '',
    '  ',
    '-',
    '"',
    '""',
    '-"a b',
    "a' OR 1=1 --",
    '*',
    'a*b',
    '(((',
    'NEAR(a b)',
    '&|!<->:*',
    '\\',
    '\u0000',
  ])
    assert.doesNotThrow(() => parseSearch(typed), typed);
  assert.equal(parseSearch('-nur -dagegen'), undefined);
});
