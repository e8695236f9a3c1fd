/** Names and sizes of the first chunk format. Recorders in the field write them: none may change. */
export const envelopeVersion = 1;
export const scheme = 'safety-recorder-chunk-encryption-v1';
export const algorithm = 'AES-256-GCM';

export const keyBytes = 32;
export const nonceBytes = 12;
export const tagBytes = 16;
export const maxHeaderBytes = 16 * 1024;

export const keyIdPattern = /^kid_[A-Za-z0-9_-]{1,64}$/;
