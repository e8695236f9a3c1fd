/** `proofline/client`: for recorders, contacts and verifiers. Needs fetch, WebCrypto and web streams, nothing else. */
export type { Accepted, ChunkFacts, NewCheckin, NewIncident, Reconciliation, UploadCall } from './api/api.ts';
export { ProoflineApi } from './api/api.ts';
export { isAmbiguous, ProoflineApiError, ProoflineNetworkError } from './api/api-error.ts';
export type { CallOptions, Fetch, TransportOptions } from './api/transport.ts';
export type * from './api/wire.ts';
export type { ChunkBinding } from './envelope/chunk-binding.ts';
export { associatedData } from './envelope/chunk-binding.ts';
export type { ChunkHeader } from './envelope/chunk-header.ts';
export { readChunkHeader } from './envelope/chunk-header.ts';
export { EnvelopeError, type EnvelopeErrorCode } from './envelope/envelope-error.ts';
export { type ChunkKey, createKey, parseKey, serialiseKey } from './envelope/key-file.ts';
export { decryptChunk, encryptChunk } from './envelope/seal-chunk.ts';
export { isMediaType, type MediaType, mediaTypes } from './media-type.ts';
export { backoffMs, sleep } from './upload/backoff.ts';
export type { ChunkUpload, UploadDeps, UploadOptions, UploadOutcome } from './upload/upload-chunk.ts';
export { uploadChunk } from './upload/upload-chunk.ts';
