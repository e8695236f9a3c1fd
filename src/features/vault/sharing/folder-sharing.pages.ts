import { html } from 'hono/html';
import type { Markup } from '#http/pages/moment.ts';
import type { FolderAnswer } from '../answers.ts';

export function folderHeading(folder: FolderAnswer, above: readonly FolderAnswer[]): Markup {
  return html`<nav class="trail" aria-label="Where this folder is"><ol>
      <li><a href="/documents">Files</a></li>
      ${[...above, folder].map(({ id, name }) => html`<li><a href="/documents/folders/${id}">${name}</a></li>`)}
    </ol></nav>
    <div class="heading"><h1>Sharing “${folder.name}”</h1></div>`;
}
