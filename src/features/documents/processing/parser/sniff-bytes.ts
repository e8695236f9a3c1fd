import { fileTypeFromBuffer } from 'file-type';
import { decodeText } from './decode-text.ts';

/** Formats that are text to the byte, so that what decodes as text may still be one of them. */
const textual = new Set([
  'application/pdf',
  'application/rtf',
  'application/postscript',
  'text/calendar',
  'text/vcard',
  'text/vtt',
]);

/** Comments and declarations may stand before what tells. Characters. */
const headLength = 4096;

/**
 * The media type as the bytes say, from the beginning of a document. What decodes as text is text, whatever two letters it begins with:
 * some signatures are as short as that. Never throws for what it is given.
 */
export async function sniffBytes(bytes: Uint8Array, whole: boolean): Promise<{ mediaType: string; isText: boolean }> {
  const text = decodeText(bytes, whole);
  const signed = await signedType(bytes);
  if (text?.certain === true)
    return signed !== undefined && textual.has(signed)
      ? { mediaType: signed, isText: false }
      : { mediaType: textType(text.text, whole), isText: true };
  if (signed !== undefined) return { mediaType: signed, isText: false };
  if (text !== undefined) return { mediaType: textType(text.text, whole), isText: true };
  return { mediaType: 'application/octet-stream', isText: false };
}

async function signedType(bytes: Uint8Array): Promise<string | undefined> {
  try {
    return (await fileTypeFromBuffer(bytes))?.mime;
  } catch {
    // It followed lengths in the bytes to where there are none.
    return undefined;
  }
}

function textType(text: string, whole: boolean): string {
  const head = afterComments(text.slice(0, headLength));
  if (/^<(!doctype\s+html|html|head|body)\b/i.test(head)) return 'text/html';
  if (/^<svg\b/i.test(head) || (/^<(\?xml|!doctype\s+svg)\b/i.test(head) && /<svg[\s>]/i.test(head)))
    return 'image/svg+xml';
  if (/^<\?xml\b/i.test(head)) return /<html[\s>]/i.test(head) ? 'text/html' : 'application/xml';
  if (whole && /^[[{]/.test(head) && isJson(text)) return 'application/json';
  return 'text/plain';
}

function afterComments(head: string): string {
  let rest = head.trimStart();
  while (rest.startsWith('<!--')) {
    const end = rest.indexOf('-->');
    if (end < 0) return '';
    rest = rest.slice(end + 3).trimStart();
  }
  return rest;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
