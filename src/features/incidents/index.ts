export { incidentBundle, streamBundle } from './bundles/build-bundle.ts';
export { bundleRoutes } from './bundles/bundles.routes.ts';
export { groupBundle, groupManifestText } from './bundles/group-bundle.ts';
export { groupBundleRoutes } from './bundles/group-bundles.routes.ts';
export { bundleQuery, groupManifestShape } from './bundles/group-manifest.json.ts';
export { incidentManifestShape, streamManifestShape } from './bundles/manifest.ts';
export { sendBundle } from './bundles/send-bundle.ts';
export type { CaptureConfig } from './captures/captures.config.ts';
export { captureGroupShape, resolutionShape, resolutionText } from './captures/captures.json.ts';
export { captureRoutes } from './captures/captures.routes.ts';
export {
  type CaptureGroupRow,
  captureGroupOf,
  captureGroupsOf,
} from './captures/captures.store.ts';
export { confirmedChunksOf, resolvedChunksAtMost, resolveGroup } from './captures/resolve-group.ts';
export { applySupersessionPolicy } from './captures/supersessions/apply-policy.ts';
export { supersessionShape } from './captures/supersessions/supersessions.json.ts';
export {
  countSupersessions,
  type SupersessionRow,
  supersessionsOf,
  withdrawnAmong,
} from './captures/supersessions/supersessions.store.ts';
export { checkinJson, checkinShape } from './check-ins/check-ins.json.ts';
export { checkinRoutes } from './check-ins/check-ins.routes.ts';
export { type CheckinRow, latestCheckins } from './check-ins/check-ins.store.ts';
export { chunkJson, chunkShape } from './chunks/chunks.json.ts';
export { chunkRoutes } from './chunks/chunks.routes.ts';
export { type ChunkRow, chunkById, unstreamedSummary } from './chunks/chunks.store.ts';
export { judgeChunkBlob } from './chunks/judge-chunk-blob.ts';
export type { JudgedOffer } from './chunks/judge-offer.ts';
export { authorisePut, type ChunkUploads, type PutPlace, putChunk, putHeaders } from './chunks/put-chunk.ts';
export { uploadErrors, uploadReply, uploadResponses } from './chunks/upload.routes.ts';
export { UploadsInFlight } from './chunks/uploads-in-flight.ts';
export type { DeletionConfig } from './deletion/deletion.config.ts';
export { deletionRoutes } from './deletion/deletion.routes.ts';
export {
  countUnfinished,
  type DecisionRow,
  type DeletionProgress,
  decisionOf,
  listDecisions,
  progressOf,
} from './deletion/deletion.store.ts';
export { runDeletions } from './deletion/deletion-worker.ts';
export { requestDeletion } from './deletion/request-deletion.ts';
export { applyRetention, previewRetention, type RetentionPreview, type RetentionTurn } from './deletion/retention.ts';
export { type IncidentRow, incidentById } from './incident-access.ts';
export { incidentRoutes } from './incidents.routes.ts';
export { countIncidents, findIncidents, type IncidentCount, type IncidentFilter } from './incidents.store.ts';
export { assignOwnerTransaction } from './incidents.transactions.ts';
export { mediaTypeShape } from './media-type.ts';
export {
  type FanoutRole,
  mayFanOut,
  type RelayCapabilityConfig,
} from './relay-capabilities/relay-capabilities.config.ts';
export { relayCapabilityRoutes } from './relay-capabilities/relay-capabilities.routes.ts';
export { useCapability } from './relay-capabilities/relay-capabilities.store.ts';
export { sweepCapabilities } from './relay-capabilities/sweep-capabilities.ts';
export { noteMissedChecks } from './safety-checks/note-missed.ts';
export { safetyCheckRoutes } from './safety-checks/safety-checks.routes.ts';
export { countSafetyChecks } from './safety-checks/safety-checks.store.ts';
export { streamJson, streamShape } from './streams/streams.json.ts';
export { streamRoutes } from './streams/streams.routes.ts';
export { type StreamRow, streamsOf } from './streams/streams.store.ts';
export { chunkTarget } from './uploads/chunk-target.ts';
export { chunkUploadRoutes } from './uploads/chunk-uploads.routes.ts';
export type { ViewerTokenConfig } from './viewer-tokens/viewer-tokens.config.ts';
export { viewerTokenRoutes } from './viewer-tokens/viewer-tokens.routes.ts';
export { incidentOfViewerToken } from './viewer-tokens/viewer-tokens.store.ts';
