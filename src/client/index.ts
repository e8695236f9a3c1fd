/** `proofline/client`: for recorders, contacts and verifiers. Needs fetch, WebCrypto and web streams, nothing else. */
export type { Reconciliation } from './api/api.ts';
export { ProoflineApi } from './api/api.ts';
export { isAmbiguous, ProoflineApiError, ProoflineNetworkError } from './api/api-error.ts';
export type { ChunkFacts, ChunkSource } from './api/chunk-facts.ts';
export type { Accepted, UploadCall } from './api/put-chunk.ts';
export type { NewCaptureGroup, NewCheckin, NewIncident, NewStream, Variant } from './api/requests.ts';
export type { CallOptions, Fetch, TransportOptions } from './api/transport.ts';
export type * from './api/wire.ts';
export type { BundleFailure, BundleFailureCode, BundleReport, StreamReport } from './bundle/bundle-report.ts';
export type { BundleEntry, BundleSource, Digest } from './bundle/bundle-source.ts';
export type { GroupReport, VariantReport } from './bundle/group/group-report.ts';
export type { StreamManifest } from './bundle/manifest.ts';
export { verifyBundle } from './bundle/verify-bundle.ts';
export type { PlaintextSink, VerifyOptions } from './bundle/verify-stream.ts';
export type { ChunkBinding } from './envelope/chunk-binding.ts';
export { associatedData } from './envelope/chunk-binding.ts';
export type { ChunkHeader } from './envelope/chunk-header.ts';
export { readChunkHeader } from './envelope/chunk-header.ts';
export { EnvelopeError, type EnvelopeErrorCode } from './envelope/envelope-error.ts';
export { type ChunkKey, createKey, parseKey, serialiseKey } from './envelope/key-file.ts';
export { decryptChunk, encryptChunk } from './envelope/seal-chunk.ts';
export type { ExportedService, ExportManifest } from './lineage/export/export-manifest.ts';
export type {
  ExportedServiceReport,
  ExportFailure,
  ExportFailureCode,
  ExportReport,
} from './lineage/export/export-report.ts';
export type { ExportFile, ExportSource, Reseal } from './lineage/export/export-source.ts';
export { type VerifyExportOptions, verifyExport } from './lineage/export/verify-export.ts';
export { type ChangesWanted, LineageApi, type RunRange, type RunsWanted } from './lineage/lineage-api.ts';
export type { AcceptedRun, Impact, RunChanges, RunLine, ServiceLine, ServiceName } from './lineage/lineage-wire.ts';
export type { Patience } from './lineage/patience.ts';
export type { ReceivedRecord } from './lineage/received-record.ts';
export { type FollowOptions, type LiveBytes, LiveClient, type LiveClientOptions } from './live/live-client.ts';
export {
  type LiveChunk,
  type LiveEvent,
  type LiveState,
  type LiveStateChange,
  liveStates,
} from './live/live-events.ts';
export { isMediaType, type MediaType, mediaTypes } from './media-type.ts';
export { type RelayEvent, RelayUploads, type RelayUploadsOptions } from './relay/relay-uploads.ts';
export { backoffMs, sleep } from './upload/backoff.ts';
export { type PersistOptions, persist } from './upload/persist.ts';
export type { ChunkUpload, UploadDeps, UploadOptions, UploadOutcome } from './upload/upload-chunk.ts';
export { uploadChunk } from './upload/upload-chunk.ts';
