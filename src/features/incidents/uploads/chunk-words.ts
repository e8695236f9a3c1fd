import type { UploadWords } from '#features/resumable/index.ts';
import { parseIdempotencyKey } from '#http/idempotency-key.ts';
import { claimText, type FormFields, formFields, sourceText } from '../chunks/chunk-form.ts';
import type { ChunkOffer } from '../chunks/judge-offer.ts';

type ToldOffer = Pick<ChunkOffer, 'claim' | 'idempotencyKey' | 'source'>;

/**
 * What an upload is to become: the fields of the form, and the key that is a header there. A key without a value, as the protocol allows
 * it, is an empty field. Throws invalid_idempotency_key.
 */
export function offerOfWords(words: UploadWords): ToldOffer {
  const fields: FormFields = {};
  for (const name of formFields) {
    const value = words[name];
    if (value !== undefined) fields[name] = value ?? '';
  }
  const { idempotency_key: key } = words;
  return {
    claim: { ...claimText(fields), originalFilename: fields.original_filename ?? words.filename ?? undefined },
    source: sourceText(fields),
    idempotencyKey: parseIdempotencyKey(key === null ? '' : key),
  };
}
