import { html } from 'hono/html';
import { type Markup, moment } from '#http/pages/moment.ts';
import { older, table } from '#http/pages/parts.pages.ts';
import { type Shown, showDocument } from '../document/document.pages.ts';
import { show } from '../frame.pages.ts';
import type { Visit } from '../gate.ts';

export interface Entry {
  at: string;
  /** A username, or a word for who had none. */
  who: string;
  action: string;
  refused: boolean;
  /** The document or folder, where it is still there. */
  subject: { name: string; href: string } | undefined;
  detail: string | undefined;
}

const actions: Record<string, string> = {
  'document.add': 'Added a document',
  'document.read': 'Looked at a document',
  'document.download': 'Downloaded a document',
  'document.preview': 'Looked at a document',
  'document.change': 'Changed a document',
  'document.update': 'Changed a document',
  'document.rename': 'Renamed a document',
  'document.move': 'Moved a document',
  'document.version': 'Added a version',
  'document.add_version': 'Added a version',
  'document.trash': 'Moved a document to the trash',
  'document.restore': 'Restored a document',
  'document.delete': 'Deleted a document for good',
  'document.purge': 'Deleted a document for good',
  'folder.add': 'Made a folder',
  'folder.change': 'Changed a folder',
  'folder.trash': 'Moved a folder to the trash',
  'folder.restore': 'Restored a folder',
  'share.add': 'Shared something',
  'share.revoke': 'Ended a share',
  'share.open': 'Opened a link',
  'account.sign_in': 'Signed in',
  'account.sign_out': 'Signed out',
  'account.change_password': 'Changed the password',
};

/** An action of the log in words; one that has none yet is told as it is written. */
export function tellAction(action: string): string {
  return actions[action] ?? action.replaceAll('_', ' ').replace('.', ': ');
}

export function entryTable(entries: readonly Entry[]): Markup {
  return table<Entry>(
    'What happened',
    [
      { label: 'When', cell: ({ at }) => moment(at) },
      { label: 'Who', cell: ({ who }) => who },
      {
        label: 'What',
        cell: ({ action, refused }) => html`${tellAction(action)}${refused ? html` <strong>(refused)</strong>` : ''}`,
      },
      {
        label: 'About',
        cell: ({ detail, subject }) =>
          html`${subject === undefined ? '' : html`<a href="${subject.href}">${subject.name}</a> `}${detail ?? ''}`,
      },
    ],
    entries,
  );
}

export async function activityPage(visit: Visit, entries: readonly Entry[], nextCursor: string | undefined) {
  return await show(
    visit,
    {
      title: 'Activity',
      section: 'activity',
      aside: html`<div class="acts"><a class="button quiet" href="/v1/audit?format=csv" download="activity.csv">Download as CSV</a></div>`,
    },
    html`<p class="soft">Everything that happened with your documents and your account. Nothing can be taken out of it.</p>
      <section aria-label="Entries">
        ${entries.length === 0 ? html`<p>Nothing yet.</p>` : entryTable(entries)}
        ${older('/documents/activity', visit.query, nextCursor, 'activity')}
      </section>`,
  );
}

/** The same of one document. */
export async function documentActivityPage(
  visit: Visit,
  document: Shown,
  entries: readonly Entry[],
  nextCursor: string | undefined,
): Promise<Response> {
  return await showDocument(
    visit,
    document,
    '/activity',
    html`<section aria-label="Entries">
      ${entries.length === 0 ? html`<p>Nothing yet.</p>` : entryTable(entries)}
      ${older(`/documents/files/${document.id}/activity`, visit.query, nextCursor, 'activity')}
    </section>`,
  );
}
