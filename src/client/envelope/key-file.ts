import { fromBase64Url, toBase64Url } from '#kit/bytes.ts';
import { object, read, text, whole } from '../shape.ts';
import { EnvelopeError } from './envelope-error.ts';
import { algorithm, envelopeVersion, keyBytes, keyIdPattern, scheme } from './scheme.ts';

/** A key that seals and opens chunks. Never sent to a server; whoever holds it can read the recording. */
export interface ChunkKey {
  /** Not secret: it stands in every chunk header and says which key opens the chunk. */
  readonly keyId: string;
  readonly secret: Uint8Array<ArrayBuffer>;
}

const keyFile = object({ version: whole(0), scheme: text, algorithm: text, key_id: text, key_b64: text });

/** A fresh random key with a random id. */
export function createKey(): ChunkKey {
  return {
    keyId: `kid_${toBase64Url(crypto.getRandomValues(new Uint8Array(16)))}`,
    secret: crypto.getRandomValues(new Uint8Array(keyBytes)),
  };
}

/** The key file's text. Write it with mode 0600 and keep it from the server. */
export function serialiseKey(key: ChunkKey): string {
  const document = { version: envelopeVersion, scheme, algorithm, key_id: key.keyId, key_b64: toBase64Url(key.secret) };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

/** Throws EnvelopeError: `invalid_key_file`, `unknown_version`, `unknown_scheme` or `unknown_algorithm`. Repeats no value. */
export function parseKey(fileText: string): ChunkKey {
  let json: unknown;
  try {
    json = JSON.parse(fileText);
  } catch {
    // No cause: the parser's message quotes the text, and the text holds the key.
    throw new EnvelopeError('invalid_key_file', 'The key file is not JSON.');
  }
  const result = read(keyFile, json);
  if ('problems' in result)
    throw new EnvelopeError('invalid_key_file', `The key file is not valid: ${result.problems.join('; ')}.`);
  const file = result.value;
  if (file.version !== envelopeVersion)
    throw new EnvelopeError('unknown_version', 'The key file is of a version this program does not know.');
  if (file.scheme !== scheme)
    throw new EnvelopeError('unknown_scheme', 'The key file is for another encryption scheme.');
  if (file.algorithm !== algorithm)
    throw new EnvelopeError('unknown_algorithm', 'The key file is for another algorithm.');
  if (!keyIdPattern.test(file.key_id)) throw new EnvelopeError('invalid_key_file', 'key_id must start with kid_.');
  const secret = fromBase64Url(file.key_b64);
  if (secret?.length !== keyBytes)
    throw new EnvelopeError('invalid_key_file', 'key_b64 must be 32 bytes in base64url without padding.');
  return { keyId: file.key_id, secret };
}
