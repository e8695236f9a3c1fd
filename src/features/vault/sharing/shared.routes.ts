import { html } from 'hono/html';
import { older } from '#http/pages/parts.pages.ts';
import type { Route } from '#http/route.ts';
import { sharedAnswer } from '../answers.ts';
import type { Api } from '../api.ts';
import { looks } from '../files/files.routes.ts';
import { itemList } from '../files/items.pages.ts';
import { documentItem, folderItem } from '../files/read-folder.ts';
import { show } from '../frame.pages.ts';
import type { Gate } from '../gate.ts';
import { icon } from '../icon.pages.ts';

export function sharedRoutes({ gate, api }: { gate: Gate; api: Api }): Route[] {
  return [
    gate.page('/documents/shared', 'What others share with the reader', async (visit) => {
      const cursor = visit.query.get('cursor');
      const query = { limit: '100', ...(cursor === null ? {} : { cursor }) };
      const answer = await api.read(visit, '/v1/shared', sharedAnswer, { query });
      const items = answer.shared.flatMap(({ access, document, folder, owner }) => {
        const item =
          document !== undefined ? documentItem(document) : folder !== undefined ? folderItem(folder) : undefined;
        const origin = `${owner.username}${access === 'edit' ? ', you may change it' : ''}`;
        return item === undefined ? [] : [{ ...item, origin }];
      });
      return await show(
        visit,
        { title: 'Shared with me', section: 'shared' },
        items.length === 0
          ? html`<div class="empty">${icon(visit.files, 'shared')}<h2>Nothing is shared with you</h2><p>What somebody on this server shares with you appears here.</p></div>`
          : html`${itemList(visit, { items, view: looks(visit).view, times: 'Changed', origins: 'Owner', fixed: true })}
              ${older('/documents/shared', visit.query, answer.next_cursor, 'what is shared')}`,
      );
    }),
  ];
}
