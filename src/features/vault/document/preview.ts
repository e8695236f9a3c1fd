import type { DocumentAnswer } from '../answers.ts';
import type { Preview } from './document.pages.ts';

/** Pictures that every browser draws and that can do nothing else. */
const pictures = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif']);

/** What may be looked at here. The server makes each preview anew from what it understood; nothing of the file itself runs. */
export function previewOf({ id, media_type, status, version }: DocumentAnswer): Preview {
  const href = `/v1/documents/${id}/preview?version=${version}`;
  if (pictures.has(media_type)) return { as: 'image', href };
  if (media_type.startsWith('text/') || media_type === 'application/pdf') return { as: 'frame', href };
  return {
    as: 'none',
    why:
      status === 'processing'
        ? 'It is being read. A moment.'
        : 'There is no preview of this kind of file. Download it to open it.',
  };
}
