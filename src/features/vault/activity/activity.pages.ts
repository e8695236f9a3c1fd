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
  'document.add_version': 'Added a version',
  'document.read': 'Downloaded a document',
  'document.preview': 'Looked at a document',
  'document.thumbnail': 'Saw the small picture of a document',
  'document.change': 'Changed a document',
  'document.trash': 'Moved a document to the trash',
  'document.restore': 'Restored a document',
  'document.delete': 'Deleted a document for good',
  'document.deleted': 'The bytes of a document are gone',
  'folder.add': 'Made a folder',
  'folder.change': 'Changed a folder',
  'folder.trash': 'Moved a folder to the trash',
  'folder.restore': 'Restored a folder',
  'folder.delete': 'Deleted a folder for good',
  'topic.add': 'Made a topic',
  'topic.delete': 'Removed a topic',
  'trash.empty': 'Emptied the trash',
  'trash.expire': 'What lay long in the trash was deleted',
  'share.create': 'Shared something',
  'share.revoke': 'Ended a share',
  'share.visit': 'Opened a link',
  'share.unlock': 'Gave the password of a link',
  'connection.add': 'Added a connection',
  'connection.change': 'Changed a connection',
  'connection.check': 'Tested a connection',
  'connection.import': 'Imported from a connection',
  'connection.mirror': 'Mirrored to a connection',
  'connection.remove': 'Removed a connection',
  'account.create': 'The account was made',
  'account.sign_in': 'Signed in',
  'account.sign_out': 'Signed out',
  'account.sign_out_everywhere': 'Signed out everywhere',
  'account.change_password': 'Changed the password',
  'account.reset_password': 'The password was set anew',
  'account.set_document_quota': 'The room was changed',
  'account.refresh_reuse': 'A sign-in was ended, because its cookie was used twice',
  'audit.export': 'Took a copy of the log',
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
      aside: html`<div class="acts"><a class="button quiet" href="/v1/audit?format=csv&own=true" download="activity.csv">Download as CSV</a></div>`,
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
