import { Problem } from '#kit/errors.ts';

/**
 * The name of a document or folder as it is kept: in Unicode's composed form, so that what looks the same is the same. Throws
 * invalid_document_name.
 */
export function documentName(given: string): string {
  const name = given.normalize('NFC').trim();
  const good =
    name.length >= 1 &&
    name.length <= 255 &&
    name !== '.' &&
    name !== '..' &&
    name.isWellFormed() &&
    !/[\p{Cc}/\\]/u.test(name);
  if (!good) throw new Problem('invalid_document_name');
  return name;
}
