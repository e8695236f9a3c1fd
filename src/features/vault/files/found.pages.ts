import { html } from 'hono/html';
import { older } from '#http/pages/parts.pages.ts';
import { tellCount } from '#http/pages/tell.js';
import { doneWords } from '../done.ts';
import { show } from '../frame.pages.ts';
import type { Visit } from '../gate.ts';
import { icon } from '../icon.pages.ts';
import { editingActs } from './files.pages.ts';
import { type Item, itemList } from './items.pages.ts';

export interface FoundPage {
  q: string;
  topic: string;
  items: readonly Item[];
  nextCursor: string | undefined;
}

/** What was searched for, or what a topic gathers. */
export async function foundPage(visit: Visit, page: FoundPage): Promise<Response> {
  const { items, nextCursor, q, topic } = page;
  const title = q === '' ? `Topic: ${topic}` : `“${q}”`;
  const more = nextCursor === undefined && !visit.query.has('cursor') ? '' : ' on this page';
  return await show(
    visit,
    { title, section: q === '' ? 'topics' : 'files', below: true, done: doneWords(visit) },
    items.length === 0
      ? html`<div class="empty">${icon(visit.files, 'search')}<h2>Nothing found</h2>
          <p>${q === '' ? 'No document has this topic.' : 'Names, topics and the text inside of documents were searched. A document that was just added may still be being read.'}</p>
          <p><a href="/documents">To your files</a></p></div>`
      : html`<p class="soft" role="status">${tellCount(items.length, 'document')}${more}</p>
          ${itemList(visit, { items, view: 'list', times: 'Changed', acts: editingActs(), deletes: '/documents/trash', renames: '/documents/rename' })}
          ${older('/documents', visit.query, nextCursor, 'what was found')}`,
  );
}
