import type { DocumentAnswer } from '../answers.ts';
import type { Preview } from './document.pages.ts';

/** Pictures that every browser draws and that can do nothing else. */
const pictures = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif']);

const texts = new Set([
  ...['plain', 'markdown', 'csv', 'html', 'vtt', 'calendar', 'vcard'].map((kind) => `text/${kind}`),
  'application/json',
  'application/xml',
]);

/** What may be looked at here. The answer of the API keeps the browser from doing more than drawing it. */
export function previewOf({ id, media_type, status, version }: DocumentAnswer): Preview {
  const href = `/v1/documents/${id}/preview?version=${version}`;
  if (pictures.has(media_type)) return { as: 'image', href };
  // Its answer has the sandbox too; Chromium shows no PDF in a frame with the attribute.
  if (media_type === 'application/pdf') return { as: 'frame', href, sandbox: false };
  if (texts.has(media_type)) return { as: 'frame', href, sandbox: true };
  return {
    as: 'none',
    why:
      status === 'processing'
        ? 'It is being read. A moment.'
        : 'There is no preview of this kind of file. Download it to open it.',
  };
}
