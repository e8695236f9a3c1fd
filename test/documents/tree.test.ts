import assert from 'node:assert/strict';
import { act } from '#features/documents/act.ts';
import { changeDocument } from '#features/documents/change-document.ts';
import { addDocumentTransaction } from '#features/documents/documents.transactions.ts';
import { addFolder, changeFolder } from '#features/documents/folders/change-folder.ts';
import { documentTransactions } from '#features/documents/transactions.ts';
import {
  deleteDocumentTransaction,
  deleteFolderTransaction,
  emptyTrashTransaction,
  finishDeletionTransaction,
} from '#features/documents/trash/deletion.transactions.ts';
import {
  restoreDocumentTransaction,
  restoreFolderTransaction,
  trashDocumentTransaction,
  trashFolderTransaction,
} from '#features/documents/trash/trash.transactions.ts';
import type { Caller } from '#http/caller.ts';
import { isProblem } from '#kit/errors.ts';
import { newId } from '#kit/ids.ts';
import type { Db, Metadata } from '#platform/metadata/metadata.ts';
import { freshSeed, type Random, seeded } from '../support/random.ts';
import { insert, rowOf, testOnBoth } from './support/databases.ts';

const owner = 'acct_tree';
const caller: Caller = { accountId: owner, username: 'tree', role: 'user', sessionId: '' };
const names = ['a', 'b', 'c', 'd', 'e'] as const;

/** Whatever is done to a tree, in whatever order and by several at once, these hold. */
testOnBoth(
  'folders, documents and the trash keep their rules under anything that is done to them',
  documentTransactions,
  async (metadata) => {
    const seed = freshSeed();
    await insert(metadata, rowOf.account(owner));
    const done = new Map<string, number>();
    for (let round = 0; round < 12; round++) {
      await Promise.all(
        [1, 2, 3].map(async (lane) => {
          const random = seeded(seed + round * 10 + lane);
          for (let step = 0; step < 25; step++) {
            const [what, outcome] = await anyAct(metadata, random);
            done.set(`${what} ${outcome}`, (done.get(`${what} ${outcome}`) ?? 0) + 1);
          }
        }),
      );
      assert.deepEqual(await broken(metadata.read), [], `seed ${seed}, round ${round}`);
    }
    // Otherwise nothing was looked at.
    for (const what of [
      'add folder',
      'add document',
      'trash folder',
      'restore folder',
      'restore document',
      'delete folder',
    ])
      assert.ok((done.get(`${what} done`) ?? 0) > 0, `seed ${seed}: ${what} is met`);
    assert.ok(
      [...done.keys()].some((key) => key.endsWith('name_conflict')),
      `seed ${seed}`,
    );
  },
);

async function anyAct(metadata: Metadata, random: Random): Promise<[string, string]> {
  const acts = Object.entries(actsOn(metadata, random));
  const [what, does] = acts[random.between(0, acts.length - 1)] ?? ['', async () => undefined];
  try {
    return [what, (await does()) === false ? 'nothing there' : 'done'];
  } catch (error) {
    if (!isProblem(error) || error.kind === 'internal' || error.kind === 'unavailable') throw error;
    return [what, error.code];
  }
}

function actsOn(metadata: Metadata, random: Random): Record<string, () => Promise<unknown>> {
  const { read } = metadata;
  const some = async (table: 'folders' | 'documents'): Promise<string | undefined> => {
    const rows = await read.selectFrom(table).select('id').orderBy('id').execute();
    return rows[random.between(0, Math.max(0, rows.length - 1))]?.id;
  };
  const place = async () => (random.chance(0.3) ? null : ((await some('folders')) ?? null));
  const name = () => random.pick(names);
  const onFolder = (does: (id: string) => Promise<unknown>) => async () => {
    const id = await some('folders');
    return id === undefined ? false : await does(id);
  };
  const onDocument = (does: (id: string) => Promise<unknown>) => async () => {
    const id = await some('documents');
    return id === undefined ? false : await does(id);
  };
  const ofFolder = (id: string, verb: string) => ({ folderId: id, ...act(caller, owner, ['folder', id], verb) });
  const ofDocument = (id: string, verb: string) => ({ documentId: id, ...act(caller, owner, ['document', id], verb) });
  const renamed = () => (random.chance(0.5) ? { name: name() } : {});
  return {
    'add folder': async () => await addFolder({ metadata }, caller, { name: name(), parentId: await place() }),
    'add folder in folder': async () =>
      await addFolder({ metadata }, caller, { name: name(), parentId: await place() }),
    'add document': async () => await metadata.write(addDocumentTransaction, aDocument(await place(), name(), random)),
    'add document in folder': async () =>
      await metadata.write(addDocumentTransaction, aDocument(await place(), name(), random)),
    'move folder': onFolder(async (id) => await changeFolder({ metadata }, caller, id, { parentId: await place() })),
    'rename folder': onFolder((id) => changeFolder({ metadata }, caller, id, { name: name() })),
    'move document': onDocument(
      async (id) => await changeDocument({ metadata }, caller, id, { folderId: await place() }),
    ),
    'trash folder': onFolder((id) => metadata.write(trashFolderTransaction, ofFolder(id, 'trash'))),
    'restore folder': onFolder((id) =>
      metadata.write(restoreFolderTransaction, { ...ofFolder(id, 'restore'), ...renamed() }),
    ),
    'trash document': onDocument((id) => metadata.write(trashDocumentTransaction, ofDocument(id, 'trash'))),
    'restore document': onDocument((id) =>
      metadata.write(restoreDocumentTransaction, { ...ofDocument(id, 'restore'), ...renamed() }),
    ),
    'delete folder': onFolder((id) => metadata.write(deleteFolderTransaction, ofFolder(id, 'delete'))),
    'delete document': onDocument((id) => metadata.write(deleteDocumentTransaction, ofDocument(id, 'delete'))),
    'finish deletion': onDocument((id) => metadata.write(finishDeletionTransaction, ofDocument(id, 'deleted'))),
    'empty trash': async () =>
      random.chance(0.2) &&
      (await metadata.write(emptyTrashTransaction, act(caller, owner, ['folder', owner], 'empty'))),
  };
}

function aDocument(folderId: string | null, name: string, random: Random) {
  const id = newId('doc');
  const does = act(caller, owner, ['document', id], 'add');
  const facts = { media_type: 'text/plain', byte_size: random.between(0, 1_000), sha256_hex: 'a'.repeat(64) };
  return {
    ...does,
    document: {
      id,
      owner_account_id: owner,
      folder_id: folderId,
      name,
      version: 1,
      ...facts,
      status: 'ready' as const,
      deletion_state: 'active' as const,
      created_at: does.at,
      updated_at: does.at,
      trashed_at: null,
      trashed_with: null,
    },
    version: {
      document_id: id,
      version: 1,
      stored_path: id,
      ...facts,
      created_by_account_id: owner,
      created_at: does.at,
    },
    topics: [],
    jobs: [],
    operation: undefined,
    quota: { quotaBytes: 0, quotaDocuments: 0 },
  };
}

/** Every rule that does not hold, in words. */
async function broken(db: Db): Promise<string[]> {
  const folders = await db.selectFrom('folders').selectAll().execute();
  const documents = await db.selectFrom('documents').selectAll().execute();
  const found: string[] = [];
  const byId = new Map(folders.map((folder) => [folder.id, folder]));
  const taken = new Set<string>();
  const things = [
    ...folders.map((folder) => ({ ...folder, above: folder.parent_id, active: true })),
    ...documents.map((one) => ({ ...one, above: one.folder_id, active: one.deletion_state === 'active' })),
  ];
  for (const { id, name, above, trashed_at, trashed_with, active } of things) {
    const parent = above === null ? undefined : byId.get(above);
    if (above !== null && parent === undefined) found.push(`${id} lies in nothing`);
    if (trashed_at === null && parent !== undefined && parent.trashed_at !== null)
      found.push(`${id} lives in the trash`);
    if (trashed_at === null && taken.has(`${above} ${name}`)) found.push(`${name} is there twice`);
    if (trashed_at === null) taken.add(`${above} ${name}`);
    const mark = trashed_with === null ? undefined : byId.get(trashed_with);
    if (trashed_with !== null && (trashed_at === null || (mark?.trashed_at ?? null) === null))
      found.push(`${id} went with what is not in the trash`);
    if (!active && above !== null) found.push(`${id} is on its way out and has a folder`);
  }
  for (const { id } of folders) {
    let steps = 0;
    for (let at: string | null = id; at !== null; at = byId.get(at)?.parent_id ?? null) {
      steps += 1;
      if (steps > folders.length) {
        found.push(`${id} lies in itself`);
        break;
      }
    }
  }
  const quota = await db.selectFrom('quotas').selectAll().executeTakeFirst();
  const bytes = documents.reduce((total, one) => total + one.byte_size, 0);
  if ((quota?.documents_used ?? 0) !== documents.length || (quota?.bytes_used ?? 0) !== bytes)
    found.push('the totals are not those of the rows');
  return found;
}
