import { html } from 'hono/html';
import { older } from '#http/pages/parts.pages.ts';
import { doneWords } from '../done.ts';
import { show, tokenField } from '../frame.pages.ts';
import type { Visit } from '../gate.ts';
import { actButton, wrongWords } from '../parts.pages.ts';

export interface TopicLine {
  id: string;
  name: string;
}

export async function topicsPage(
  visit: Visit,
  page: { topics: readonly TopicLine[]; nextCursor: string | undefined; wrong?: string },
): Promise<Response> {
  return await show(
    visit,
    { title: 'Topics', section: 'topics', done: doneWords(visit), status: page.wrong === undefined ? 200 : 400 },
    html`<p class="soft">Topics gather documents across folders. The server suggests some; you say which are right.</p>
      ${wrongWords(page.wrong)}
      <form class="add" method="post" action="/documents/topics">
        ${tokenField(visit.token)}
        <label class="visually-hidden" for="topic-name">A new topic</label>
        <input id="topic-name" name="name" type="text" maxlength="100" required placeholder="A new topic" autocomplete="off" data-key="n" />
        <button type="submit">Add</button>
      </form>
      <section aria-label="Your topics">
        ${
          page.topics.length === 0
            ? html`<p class="soft">None yet.</p>`
            : html`<ul class="rows">${page.topics.map(
                ({ id, name }) => html`<li>
                  <div><a href="/documents?${new URLSearchParams({ topic: name }).toString()}">${name}</a></div>
                  ${actButton(visit, { action: '/documents/topics/delete', label: 'Remove', values: { topic: id }, about: `the topic ${name}` })}
                </li>`,
              )}</ul>`
        }
        ${older('/documents/topics', visit.query, page.nextCursor, 'topics')}
      </section>`,
  );
}
