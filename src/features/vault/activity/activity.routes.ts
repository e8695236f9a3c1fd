import { z } from 'zod';
import type { Route } from '#http/route.ts';
import { isProblem } from '#kit/errors.ts';
import type { Api } from '../api.ts';
import type { Gate, Visit } from '../gate.ts';
import { isFolder, nameOf } from '../items.ts';
import { activityPage, type Entry } from './activity.pages.ts';

const auditAnswer = z.object({
  entries: z.array(
    z.object({
      at: z.string(),
      actor: z.string(),
      actor_account_id: z.string().optional(),
      action: z.string(),
      subject_type: z.string(),
      subject_id: z.string().optional(),
      outcome: z.enum(['done', 'refused']),
      detail: z.string().optional(),
    }),
  ),
  next_cursor: z.string().optional(),
});
type EntryAnswer = z.output<typeof auditAnswer>['entries'][number];

const actors: Record<string, string> = {
  account: 'Another account',
  command_line: 'The command line',
  setup: 'The set-up',
  server: 'The server',
  link: 'Somebody with a link',
  unknown: 'Somebody',
};

/** Usernames by account id, for whom the API names by id alone. */
export type Usernames = (ids: readonly (string | null)[]) => Promise<ReadonlyMap<string, string>>;

export interface ReadDeps {
  api: Api;
  usernames: Usernames;
}

/** Newest first; those about one thing, where it is named. */
export async function readEntries(
  { api, usernames }: ReadDeps,
  visit: Visit,
  about: { subject?: string },
): Promise<{ entries: Entry[]; nextCursor: string | undefined }> {
  const cursor = visit.query.get('cursor');
  const query = {
    limit: '50',
    own: 'true',
    ...(about.subject === undefined ? {} : { subject: about.subject }),
    ...(cursor === null ? {} : { cursor }),
  };
  const answer = await api.read(visit, '/v1/audit', auditAnswer, { query });
  const [names, people] = await Promise.all([
    namesOf(api, visit, answer.entries),
    usernames(
      answer.entries.flatMap(({ actor_account_id, detail = '' }) => [
        actor_account_id ?? null,
        ...idsIn(detail, 'acct'),
      ]),
    ),
  ]);
  const entries = answer.entries.map((entry) => entryOf(visit, entry, names, people));
  return { entries, nextCursor: answer.next_cursor };
}

function entryOf(
  { caller }: Visit,
  entry: EntryAnswer,
  names: ReadonlyMap<string, string>,
  people: ReadonlyMap<string, string>,
): Entry {
  const { subject_id: id, actor_account_id: by } = entry;
  const name = id === undefined ? undefined : names.get(id);
  return {
    at: entry.at,
    who: by === caller.accountId ? 'You' : (people.get(by ?? '') ?? actors[entry.actor] ?? entry.actor),
    action: entry.action,
    refused: entry.outcome === 'refused',
    subject:
      id === undefined || name === undefined
        ? undefined
        : { name, href: `/documents/${isFolder(id) ? 'folders' : 'files'}/${id}` },
    detail: entry.detail?.replaceAll(idsInText, (id) => names.get(id) ?? people.get(id) ?? id),
  };
}

/** What the log tells by id, where the reader knows it by a name. */
const idsInText = /\b(?:doc|fld|acct)_[0-9a-z]{26}\b/g;

function idsIn(text: string, ...prefixes: readonly string[]): string[] {
  return (text.match(idsInText) ?? []).filter((id) => prefixes.includes(id.slice(0, id.indexOf('_'))));
}

/** Of the documents and folders among the subjects that are still there. */
async function namesOf(api: Api, visit: Visit, entries: readonly EntryAnswer[]): Promise<Map<string, string>> {
  const ids = new Set(
    entries.flatMap(({ subject_id: id = '', detail = '' }) =>
      [id, detail].flatMap((text) => idsIn(text, 'doc', 'fld')),
    ),
  );
  const found = await Promise.all(
    [...ids].map(async (id) => {
      try {
        return [id, (await nameOf(api, visit, id)).name] as const;
      } catch (error) {
        if (isProblem(error) && error.kind === 'not_found') return undefined;
        throw error;
      }
    }),
  );
  return new Map(found.filter((one) => one !== undefined));
}

export function activityRoutes({ gate, ...deps }: ReadDeps & { gate: Gate }): Route[] {
  return [
    gate.page('/documents/activity', 'What happened', async (visit) => {
      const { entries, nextCursor } = await readEntries(deps, visit, {});
      return await activityPage(visit, entries, nextCursor);
    }),
  ];
}
