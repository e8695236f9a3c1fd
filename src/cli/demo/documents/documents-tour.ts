import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { ProoflineApi } from '#client/api/api.ts';
import { DocumentsApi } from '#client/documents/documents-api.ts';
import { checkExportedChain } from '#features/audit/index.ts';
import { exportVault } from '../../documents/export-vault.ts';
import { type ImportOutcome, importTree } from '../../documents/import-tree.ts';
import { localTree } from '../../documents/local-tree.ts';
import { examineVaultExport } from '../../documents/verify-vault-export.ts';
import { Judge } from '../judge.ts';
import { Caller } from './demo-caller.ts';
import { writeDemoFiles } from './demo-files.ts';

export interface DocumentsTour {
  url: string;
  /** Passwords of three people; ada is an administrator. */
  accounts: { ada: string; bob: string; cleo: string };
  folder: string;
  /** Ends the server, and the worker in it, as a power cut would, and starts it again at the same address. */
  restart: () => Promise<void>;
  say: (line: string) => void;
}

/** A hundred files of ten types, and all that people do with them. True when all was as it should be. */
export async function tourDocuments(tour: DocumentsTour): Promise<boolean> {
  const { say, url } = tour;
  const judge = new Judge(say);
  const tokens = Object.fromEntries(
    await Promise.all(
      Object.entries(tour.accounts).map(async ([username, password]) => [
        username,
        (await new ProoflineApi({ baseUrl: url }).login(username, password)).token,
      ]),
    ),
  );
  const [ada, bob, cleo] = [tokens.ada, tokens.bob, tokens.cleo].map((token) => new Caller(url, String(token)));
  if (ada === undefined || bob === undefined || cleo === undefined) throw new Error('three people');
  const api = new DocumentsApi({
    baseUrl: url,
    token: String(tokens.ada),
    timeoutMs: 20_000,
    patience: { giveUpAfterMs: 60_000 },
  });
  await bring(api, tour, judge);
  await wait(ada, judge);
  await find(ada, judge);
  await share({ ada, bob, cleo }, judge);
  await change({ ada, cleo }, judge);
  await fill({ ada, bob }, judge);
  await leave(api, ada, tour, judge);
  say(
    judge.failed === 0 ? '\nEverything was as it should be.' : `\n${judge.failed} of these were not as they should be.`,
  );
  return judge.failed === 0;
}

async function bring(api: DocumentsApi, { folder, restart, say }: DocumentsTour, judge: Judge): Promise<void> {
  const source = join(folder, 'office');
  const written = await writeDemoFiles(source);
  const counts: Partial<Record<ImportOutcome, number>> = {};
  let through = 0;
  let restarting: Promise<void> | undefined;
  const options = {
    into: undefined,
    onChange: 'version' as const,
    lanes: 4,
    tell: (event: Parameters<Parameters<typeof importTree>[2]['tell']>[0]) => {
      if (event.event !== 'file') return;
      counts[event.outcome] = (counts[event.outcome] ?? 0) + 1;
      through += 1;
      if (through !== 50) return;
      say('           the server and its worker are killed (SIGKILL) and started again, while files are on their way');
      restarting = restart();
    },
  };
  await importTree(api, await localTree(source), options);
  await restarting;
  judge.that(`imported: ${written} files of ten types in folders, each once`, counts.added === written);
  await importTree(api, await localTree(source), { ...options, tell: () => undefined });
  let documents = 0;
  for await (const _ of allDocuments(api)) documents += 1;
  judge.that(`imported again: ${documents} documents, nothing twice`, documents === written);
}

async function* allDocuments(api: DocumentsApi, folder = 'root'): AsyncGenerator<unknown> {
  yield* api.documents(folder);
  for await (const below of api.folders(folder)) yield* allDocuments(api, below.id);
}

async function wait(ada: Caller, judge: Judge): Promise<void> {
  const end = Date.now() + 600_000;
  for (;;) {
    const { documents } = (await ada.get('/v1/documents?limit=500')).body;
    const states = documents.map((document: { status: string }) => document.status);
    if (!states.includes('processing') || Date.now() > end) {
      const ready = states.filter((state: string) => state === 'ready').length;
      judge.that(
        `worked through by the jobs: ${ready} ready, their texts read and pictures made small`,
        ready === states.length,
      );
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function find(ada: Caller, judge: Judge): Promise<void> {
  for (const [q, type] of [
    ['insurance "third of March"', 'application/pdf'],
    ['übermut garden', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
  ] as const) {
    const { documents } = (await ada.get(`/v1/documents?q=${encodeURIComponent(q)}`)).body;
    const hit = documents.find((document: { media_type: string }) => document.media_type === type);
    const snippet = (hit?.snippet ?? []).map(({ text, match }: { text: string; match: boolean }) =>
      match ? `[${text}]` : text,
    );
    judge.that(
      `searched ${q}: ${documents.length} found, in ${type.split('/')[1]?.slice(0, 30)}: …${snippet.join('').slice(0, 60)}…`,
      snippet.length > 0,
    );
  }
  const { documents } = (await ada.get(`/v1/documents?q=${encodeURIComponent('alert')}`)).body;
  judge.that('scripts in pages are no text', documents.length === 0);
}

interface People {
  ada: Caller;
  bob: Caller;
  cleo: Caller;
}

async function share({ ada, bob, cleo }: People, judge: Judge): Promise<void> {
  const folders = (await ada.get('/v1/folders?parent_id=root')).body.folders;
  const contracts = folders.find(({ name }: { name: string }) => name === 'Contracts');
  const [document] = (await ada.get(`/v1/documents?folder_id=${contracts.id}`)).body.documents;
  const path = `/v1/documents/${document.id}`;
  const before = await bob.get(path);
  await ada.post(`/v1/folders/${contracts.id}/shares`, { kind: 'account', username: 'bob', access: 'view' });
  await ada.post(`${path}/shares`, { kind: 'account', username: 'cleo', access: 'edit' });
  const seen = await bob.get(path);
  const renamed = await bob.send('PATCH', path, { name: 'mine' });
  judge.that(
    'shared a folder with bob to look at: he sees what lies in it, and changes nothing',
    before.status === 404 && seen.status === 200 && renamed.status === 403,
  );
  const link = await ada.post(`${path}/shares`, { kind: 'link', access: 'view', max_downloads: 2 });
  const download = async () => (await fetch(`${ada.url}/s/${link.body.token}/content`)).status;
  const downloads = [await download(), await download(), await download()];
  judge.that(`shared by a link for two downloads: ${downloads.join(', ')}`, downloads.join() === '200,200,404');
  const version = await cleo.put(`${path}/content`, 'a new wording', { 'if-match': `"${document.version}"` });
  const stale = await cleo.put(`${path}/content`, 'an older wording', { 'if-match': `"${document.version}"` });
  judge.that(
    'cleo may edit: her version is kept beside the first, and one based on an old state is refused',
    version.status === 200 && stale.body.error?.code === 'version_conflict',
  );
}

async function change({ ada, cleo }: Pick<People, 'ada' | 'cleo'>, judge: Judge): Promise<void> {
  const [document] = (await ada.get('/v1/documents?q=water')).body.documents;
  const path = `/v1/documents/${document.id}`;
  const topics = await ada.send('PATCH', path, { topics: ['House', 'Water'] });
  const byTopic = await ada.get('/v1/documents?topic=Water');
  judge.that('given topics, and found by one', topics.status === 200 && byTopic.body.documents.length === 1);
  const removed = await ada.send('DELETE', path);
  const gone = await ada.get('/v1/documents?q=water');
  const trash = await ada.get('/v1/documents?trashed=true');
  const restored = await ada.post(`${path}/restore`);
  judge.that(
    'into the trash and back',
    removed.status === 204 &&
      !gone.body.documents.some(({ id }: { id: string }) => id === document.id) &&
      trash.body.documents.some(({ id }: { id: string }) => id === document.id) &&
      restored.status === 200,
  );
  const foreign = await cleo.get(path);
  judge.that('for everybody else it does not exist', foreign.status === 404);
}

async function fill({ ada, bob }: Pick<People, 'ada' | 'bob'>, judge: Judge): Promise<void> {
  const { account } = (await bob.get('/v1/account')).body;
  await ada.post(`/v1/admin/accounts/${account.id}/document-quota`, { bytes_limit: null, documents_limit: 3 });
  const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => bob.upload(`note ${n}.txt`, `note ${n}`)));
  const codes = answers.map(({ status }) => status);
  judge.that(
    `bob has room for three documents and sends eight at once: ${codes.filter((code) => code === 201).length} kept, ${codes.filter((code) => code === 413).length} refused`,
    codes.filter((code) => code === 201).length === 3 && codes.filter((code) => code === 413).length === 5,
  );
}

async function leave(api: DocumentsApi, ada: Caller, { folder }: DocumentsTour, judge: Judge): Promise<void> {
  const audit = await fetch(`${ada.url}/v1/audit?format=jsonl`, { headers: ada.headers });
  const text = await audit.text();
  const lines = text.trimEnd().split('\n');
  const report = await checkExportedChain(() => Readable.from(lines));
  const bent = lines.map((line, n) => (n === 5 ? line.replace('"done"', '"refused"') : line));
  const bentReport = await checkExportedChain(() => Readable.from(bent));
  judge.that(
    `the audit log: ${lines.length - 1} entries in one chain; one word changed in a copy of it, and the check names the place`,
    report.ok && !bentReport.ok,
  );
  const path = join(folder, 'export');
  const manifest = await exportVault(api, path, {
    listed: () => undefined,
    bytes: () => undefined,
    file: () => undefined,
  });
  const examined = await examineVaultExport(path);
  judge.that(
    `exported and verified offline: ${manifest.documents} documents in ${manifest.files} versions`,
    examined.ok && examined.files === manifest.files && manifest.documents === 100,
  );
  writeFileSync(join(path, 'documents', 'slipped in.txt'), 'x');
  judge.that('a file slipped into the export is found', !(await examineVaultExport(path)).ok);
}
