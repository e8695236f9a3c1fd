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
export const hasPages = hasThumbnail;

/** What a browser may show in a frame of its own, as it is stored, and under which exact type. */
const shown: Record<string, string> = {
  ...Object.fromEntries(['image/png', 'image/jpeg', 'image/gif', 'image/webp', pdf].map((type) => [type, type])),
  ...Object.fromEntries([...plain, 'text/html'].map((type) => [type, 'text/plain; charset=utf-8'])),
};
export const shownAs = (mediaType: string): string | undefined => shown[mediaType];

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
