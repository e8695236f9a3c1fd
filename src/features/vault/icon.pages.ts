import { html } from 'hono/html';
import type { Markup } from '#http/pages/moment.ts';
import type { StaticFiles } from '#http/pages/static-files.ts';

export type IconName =
  | 'folder'
  | 'file'
  | 'text'
  | 'pdf'
  | 'image'
  | 'sound'
  | 'film'
  | 'table'
  | 'archive'
  | 'shared'
  | 'topic'
  | 'trash'
  | 'cloud'
  | 'activity'
  | 'settings'
  | 'search'
  | 'list'
  | 'grid'
  | 'upload'
  | 'menu';

/** Beside words that say the same. */
export function icon(files: StaticFiles, name: IconName): Markup {
  return html`<svg class="icon" aria-hidden="true" focusable="false"><use href="${files.href('icons.svg')}#${name}"></use></svg>`;
}

const tables =
  /^(?:text\/csv|text\/tab-separated-values|application\/vnd\.(?:ms-excel|oasis.*spreadsheet|openxml.*sheet))/;
const archives = /^application\/(?:zip|gzip|x-(?:tar|7z|rar|bzip2|xz).*)$/;

export function iconOf(mediaType: string): IconName {
  if (mediaType === 'application/pdf') return 'pdf';
  if (mediaType.startsWith('image/')) return 'image';
  if (mediaType.startsWith('audio/')) return 'sound';
  if (mediaType.startsWith('video/')) return 'film';
  if (tables.test(mediaType)) return 'table';
  if (archives.test(mediaType)) return 'archive';
  if (mediaType.startsWith('text/') || /word|opendocument\.text/.test(mediaType)) return 'text';
  return 'file';
}

const kinds: Record<string, string> = {
  'application/pdf': 'PDF',
  'application/zip': 'ZIP archive',
  'application/json': 'JSON',
  'application/octet-stream': 'File',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'Word document',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'Excel table',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': 'PowerPoint slides',
  'text/plain': 'Text',
  'text/markdown': 'Markdown',
  'text/html': 'Web page',
  'text/csv': 'CSV table',
  'image/jpeg': 'JPEG image',
  'image/png': 'PNG image',
};

/** A media type as people call it. */
export function tellKind(mediaType: string): string {
  const known = kinds[mediaType];
  if (known !== undefined) return known;
  const [family = '', rest = ''] = mediaType.split('/');
  const name = rest.replace(/^x-/, '').split(/[.+;]/)[0] ?? '';
  const words: Record<string, string> = { image: 'image', audio: 'sound', video: 'film', text: 'text' };
  const word = words[family];
  return word === undefined ? 'File' : `${name.toUpperCase()} ${word}`;
}
