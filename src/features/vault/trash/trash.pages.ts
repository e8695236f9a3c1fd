import { html } from 'hono/html';
import { older } from '#http/pages/parts.pages.ts';
import { tellCount, tellLength } from '#http/pages/tell.js';
import { doneWords } from '../done.ts';
import { type Item, itemList } from '../files/items.pages.ts';
import { show, tokenField } from '../frame.pages.ts';
import type { Visit } from '../gate.ts';
import { icon } from '../icon.pages.ts';
import { backField, formEnd } from '../parts.pages.ts';

export async function trashPage(
  visit: Visit,
  page: { items: readonly Item[]; nextCursor: string | undefined; retentionMs: number },
): Promise<Response> {
  const { items, retentionMs } = page;
  const kept = retentionMs === 0 ? 'until you empty it' : `for ${tellLength(retentionMs)}`;
  return await show(
    visit,
    {
      title: 'Trash',
      section: 'trash',
      done: doneWords(visit),
      ...(items.length === 0
        ? {}
        : {
            aside: html`<div class="acts"><a class="button quiet" href="/documents/trash/empty" data-dialog>Empty the trash…</a></div>`,
          }),
    },
    items.length === 0
      ? html`<div class="empty">${icon(visit.files, 'trash')}<h2>The trash is empty</h2><p>What you delete stays here ${kept}.</p></div>`
      : html`<p class="soft">What lies here stays ${kept}, then it is deleted for good. Until then it still takes room.</p>
          ${itemList(visit, {
            items,
            view: 'list',
            times: 'Deleted',
            fixed: true,
            deletes: 'ask',
            acts: html`<button type="submit" class="quiet small" formaction="/documents/trash/restore">Restore</button>
              <button type="submit" class="danger small" formmethod="get" formaction="/documents/trash/delete" data-dialog>Delete for good…</button>`,
          })}
          ${older('/documents/trash', visit.query, page.nextCursor, 'the trash')}`,
  );
}

/** Asked once, with the names of what goes. */
export async function deletePage(
  visit: Visit,
  page: { items: readonly { id: string; name: string }[]; all: boolean },
): Promise<Response> {
  const { all, items } = page;
  return await show(
    visit,
    { title: all ? 'Empty the trash' : 'Delete for good', section: 'trash', below: true },
    html`<form class="form" method="post" action="${all ? '/documents/trash/empty' : '/documents/trash/delete'}">
      ${tokenField(visit.token)} ${backField('/documents/trash')}
      ${items.map(({ id }) => html`<input type="hidden" name="item" value="${id}" />`)}
      ${
        all
          ? html`<p>Everything in the trash goes, with all versions and shares. Nothing brings it back.</p>`
          : html`<p>${items.length === 1 ? html`<strong>${items[0]?.name}</strong> goes` : `${tellCount(items.length, 'thing')} go`}, with all versions and shares. Nothing brings that back.</p>`
      }
      ${formEnd('Delete for good', '/documents/trash', 'danger')}
    </form>`,
  );
}
