/** What can be done with which media types. */
const docx = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document';
const plain = [
  'text/plain',
  'text/markdown',
  'text/csv',
  'application/json',
  'application/xml',
  'text/vtt',
  'text/calendar',
  'text/vcard',
];
const images = ['image/png', 'image/jpeg', 'image/webp', 'image/gif', 'image/tiff', 'image/avif'];
const pdf = 'application/pdf';

export const hasText = (mediaType: string) => isPlain(mediaType) || [pdf, docx, 'text/html'].includes(mediaType);
/** Its beginning says something without its end. */
export const isPlain = (mediaType: string) => plain.includes(mediaType);
export const isImage = (mediaType: string) => images.includes(mediaType);
export const hasThumbnail = (mediaType: string) => isImage(mediaType) || mediaType === pdf;

/** What a browser may show as it is stored: it draws it and runs nothing of it. */
const drawn = ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif', pdf];
export const isShownAsStored = (mediaType: string) => drawn.includes(mediaType);
/** Pages are shown as the text that they are written in. */
export const isShownAsText = (mediaType: string) => isPlain(mediaType) || mediaType === 'text/html';

const byName: Record<string, string> = {
  md: 'text/markdown',
  markdown: 'text/markdown',
  csv: 'text/csv',
  tsv: 'text/csv',
  json: 'application/json',
};

/** Which kind of text it is, only people say: with the end of its name. Bytes that are no plain text stay what they are. */
export function refineText(mediaType: string, name: string): string {
  if (mediaType !== 'text/plain') return mediaType;
  const end = /\.([a-z]{2,8})$/i.exec(name)?.[1]?.toLowerCase() ?? '';
  return byName[end] ?? mediaType;
}
