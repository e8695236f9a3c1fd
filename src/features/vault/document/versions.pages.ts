import { html } from 'hono/html';
import { moment } from '#http/pages/moment.ts';
import { chip, older } from '#http/pages/parts.pages.ts';
import { tellBytes } from '#http/pages/tell.js';
import type { Visit } from '../gate.ts';
import { tellKind } from '../icon.pages.ts';
import { type Shown, showDocument } from './document.pages.ts';

export interface VersionLine {
  version: number;
  bytes: number;
  mediaType: string;
  sha256Hex: string;
  by: string | undefined;
  at: string;
}

export async function versionsPage(
  visit: Visit,
  document: Shown,
  versions: readonly VersionLine[],
  nextCursor: string | undefined,
): Promise<Response> {
  const mayEdit = document.access !== 'view' && document.trashedAt === undefined;
  return await showDocument(
    visit,
    document,
    '/versions',
    html`${
      mayEdit
        ? html`<div class="acts">
            <button type="button" data-picks="pick-version" data-key="u" class="only-scripted">Upload a new version</button>
            <input type="file" id="pick-version" data-upload="version" data-document="${document.id}" data-version="${document.version}" hidden aria-label="The file of the new version" />
          </div>
          <p class="soft">The name and the links stay. Earlier versions are kept as they are.</p>`
        : ''
    }
    <section aria-label="Versions">
      <ul class="rows">
        ${versions.map(
          ({ version, bytes, mediaType, sha256Hex, by, at }) => html`<li>
            <div>
              <p><strong>Version ${version}</strong> ${version === document.version ? chip('Current', 'good') : ''}</p>
              <p class="soft">${moment(at)}${by === undefined ? '' : `, by ${by}`}, ${tellBytes(bytes)}, ${tellKind(mediaType)}</p>
              <p class="soft">SHA-256 <code>${sha256Hex.slice(0, 16)}…</code></p>
            </div>
            <a class="button quiet small" href="/v1/documents/${document.id}/content?version=${version}" download>Download<span class="visually-hidden"> version ${version}</span></a>
          </li>`,
        )}
      </ul>
    </section>
    ${older(`/documents/files/${document.id}/versions`, visit.query, nextCursor, 'versions')}`,
  );
}
