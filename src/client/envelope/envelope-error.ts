/** Why a chunk file, or a key file, was refused. `other_*`: it is authentic-looking, but belongs elsewhere. */
export type EnvelopeErrorCode =
  | 'not_a_chunk_file'
  | 'truncated'
  | 'header_too_large'
  | 'invalid_header'
  | 'unknown_version'
  | 'unknown_scheme'
  | 'unknown_algorithm'
  | 'invalid_nonce'
  | 'invalid_associated_data'
  | 'other_incident'
  | 'other_stream'
  | 'other_media_type'
  | 'other_chunk_index'
  | 'other_key'
  | 'not_authentic'
  | 'invalid_binding'
  | 'invalid_key_file';

/** Carries no key and no plaintext; its message is safe to show and to log. */
export class EnvelopeError extends Error {
  readonly code: EnvelopeErrorCode;

  constructor(code: EnvelopeErrorCode, message: string, options?: { cause: unknown }) {
    super(message, options);
    this.name = 'EnvelopeError';
    this.code = code;
  }
}
