import { html } from 'hono/html';
import type { JobKind, JobRow } from '#features/jobs/index.ts';
import { ago, type Markup } from '#http/pages/moment.ts';
import { facts, older, table } from '#http/pages/parts.pages.ts';
import { tellCount } from '#http/pages/tell.js';
import { show, tokenField } from '../frame.pages.ts';
import type { Visit } from '../gate.ts';

const kinds: Readonly<Record<JobKind, string>> = {
  sniff: 'Find out the type',
  text: 'Take out the text',
  ocr: 'Read text in a picture',
  thumbnail: 'Make a small picture',
  topics: 'Suggest topics',
  import: 'Import from a connection',
  mirror: 'Mirror to a connection',
  purge: 'Remove for good',
};

const done: Record<string, string> = {
  repeated: 'The job will be tried again, with all its attempts.',
  changed: 'The job was not parked any more. Nothing was changed.',
};

export interface JobsView {
  rows: readonly JobRow[];
  next_cursor?: string;
  names: ReadonlyMap<string, string>;
  waiting: number;
  running: number;
}

export async function jobsPage(visit: Visit, view: JobsView): Promise<Response> {
  return await show(
    visit,
    { title: 'Jobs', section: 'jobs', done: done[visit.query.get('done') ?? ''] },
    html`${facts([
      ['Waiting', view.waiting.toLocaleString('en')],
      ['Running', view.running.toLocaleString('en')],
    ])}
      <section aria-labelledby="parked">
        <h2 id="parked">Parked</h2>
        <p>What could not be done is parked: at once where trying again is no use, else after the last attempt. It stays here until it is repeated, or what it is about is gone.</p>
        ${
          view.rows.length === 0
            ? html`<p>No job is parked.</p>`
            : html`${table(
                'Parked jobs, newest first',
                [
                  { label: 'Job', cell: ({ kind }: JobRow) => kinds[kind] },
                  { label: 'About', cell: about },
                  { label: 'Owner', cell: (job) => ownerLink(job, view.names) },
                  { label: 'Reason', cell: reason },
                  { label: 'Tried', cell: ({ attempts }) => tellCount(attempts, 'time') },
                  { label: 'Parked', cell: ({ updated_at }) => ago(updated_at, visit.nowMs) },
                  {
                    label: 'Action',
                    cell: ({ id, kind }) =>
                      html`<form method="post" action="/admin/jobs/${id}/repeat">
                        ${tokenField(visit.token)}
                        <button type="submit" class="quiet small">Repeat<span class="visually-hidden"> ${kinds[kind]}, ${id}</span></button>
                      </form>`,
                  },
                ],
                view.rows,
              )}
              ${older('/admin/jobs', visit.query, view.next_cursor, 'jobs')}`
        }
      </section>`,
  );
}

/** Only which document it is: what is in it is its owner's matter. */
function about({ document_id, document_version, cloud_connection_id }: JobRow): Markup | string {
  if (document_id !== null)
    return html`<code>${document_id}</code>${document_version === null ? '' : html`, version ${document_version}`}`;
  return cloud_connection_id === null ? 'The server' : html`<code>${cloud_connection_id}</code>`;
}

function ownerLink({ owner_account_id: id }: JobRow, names: ReadonlyMap<string, string>): Markup | string {
  return id === null ? 'None' : html`<a href="/admin/accounts/${id}">${names.get(id) ?? id}</a>`;
}

function reason({ error_code, error_detail }: JobRow): Markup | string {
  if (error_code === null) return 'None';
  return html`<code>${error_code}</code>${error_detail === null ? '' : html` ${error_detail}`}`;
}
