import type { Route } from '#http/route.ts';
import { foldersAbove, standingTo } from '../access.ts';
import { documentActivityPage } from '../activity/activity.pages.ts';
import { type ReadDeps, readEntries } from '../activity/activity.routes.ts';
import { type DocumentAnswer, documentAnswer, jobsAnswer, topicsAnswer, versionsAnswer } from '../answers.ts';
import type { Api } from '../api.ts';
import type { Gate, Visit } from '../gate.ts';
import { documentPage, type Shown } from './document.pages.ts';
import type { JobLine } from './jobs.pages.ts';
import { previewOf } from './preview.ts';
import { versionsPage } from './versions.pages.ts';

const path = '/v1/documents/:document_id';

/** A document as every page about it shows it. Throws document_not_found. */
export async function shownDocument(api: Api, visit: Visit): Promise<{ shown: Shown; document: DocumentAnswer }> {
  const params = { document_id: visit.param('document_id') };
  const { document } = await api.read(visit, path, documentAnswer, { params });
  const above = await foldersAbove(api, visit, document.folder_id);
  const { access, owner } = await standingTo(api, visit, 'document', document, above);
  const folder = above.at(-1);
  return {
    document,
    shown: {
      id: document.id,
      name: document.name,
      mediaType: document.media_type,
      bytes: document.byte_size,
      sha256Hex: document.sha256_hex,
      version: document.version,
      status: document.status,
      createdAt: document.created_at,
      updatedAt: document.updated_at,
      trashedAt: document.trashed_at,
      owner,
      folder: folder === undefined ? undefined : { id: folder.id, name: folder.name },
      access,
    },
  };
}

export function documentPageRoutes(deps: ReadDeps & { gate: Gate }): Route[] {
  const { gate, api, usernames } = deps;
  return [
    gate.page('/documents/files/:document_id', 'A document', async (visit) => {
      const { shown, document } = await shownDocument(api, visit);
      const params = { document_id: shown.id };
      const [{ jobs }, { topics }] = await Promise.all([
        api.read(visit, `${path}/jobs`, jobsAnswer, { params }),
        api.read(visit, '/v1/topics', topicsAnswer, { query: { limit: '500' } }),
      ]);
      return await documentPage(visit, {
        document: shown,
        topics: document.topics,
        suggested: document.suggested_topics,
        known: topics.map(({ name }) => name).filter((name) => !document.topics.includes(name)),
        jobs: jobs.map(jobLine),
        preview: previewOf(document),
      });
    }),
    gate.page('/documents/files/:document_id/versions', 'The versions of a document', async (visit) => {
      const { shown } = await shownDocument(api, visit);
      const cursor = visit.query.get('cursor');
      const answer = await api.read(visit, `${path}/versions`, versionsAnswer, {
        params: { document_id: shown.id },
        query: { limit: '50', ...(cursor === null ? {} : { cursor }) },
      });
      const people = await usernames(answer.versions.map((one) => one.created_by_account_id ?? null));
      const versions = answer.versions.map((one) => ({
        version: one.version,
        bytes: one.byte_size,
        mediaType: one.media_type,
        sha256Hex: one.sha256_hex,
        by: one.created_by_account_id === visit.caller.accountId ? 'you' : people.get(one.created_by_account_id ?? ''),
        at: one.created_at,
      }));
      return await versionsPage(visit, shown, versions, answer.next_cursor);
    }),
    gate.page('/documents/files/:document_id/activity', 'What happened with a document', async (visit) => {
      const { shown } = await shownDocument(api, visit);
      const { entries, nextCursor } = await readEntries(deps, visit, { subject: shown.id });
      return await documentActivityPage(visit, shown, entries, nextCursor);
    }),
  ];
}

function reportWords(report: JobAnswer['report']): string | undefined {
  if (report === undefined) return undefined;
  const { added, failed, renewed, unchanged } = report;
  const words = [`${added} new`, `${renewed} changed`, `${unchanged} as before`];
  return [...words, ...(failed === 0 ? [] : [`${failed} not`])].join(', ');
}

type JobAnswer = { id: string } & (typeof jobsAnswer)['_output']['jobs'][number];

export function jobLine(job: JobAnswer): JobLine {
  return {
    id: job.id,
    kind: job.kind,
    state: job.state,
    attempts: job.attempts,
    done: job.progress_done,
    total: job.progress_total,
    note: job.state === 'done' ? reportWords(job.report) : job.error_detail,
    at: job.updated_at,
  };
}
