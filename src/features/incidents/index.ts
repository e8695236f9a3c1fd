export { incidentBundle, streamBundle } from './bundles/build-bundle.ts';
export { bundleRoutes } from './bundles/bundles.routes.ts';
export { incidentManifestShape, streamManifestShape } from './bundles/manifest.ts';
export { sendBundle } from './bundles/send-bundle.ts';
export { captureRoutes } from './captures/captures.routes.ts';
export { checkinJson, checkinShape } from './check-ins/check-ins.json.ts';
export { checkinRoutes } from './check-ins/check-ins.routes.ts';
export { type CheckinRow, latestCheckins } from './check-ins/check-ins.store.ts';
export { chunkSettings } from './chunks/chunks.config.ts';
export { chunkJson, chunkShape } from './chunks/chunks.json.ts';
export { chunkRoutes } from './chunks/chunks.routes.ts';
export { type ChunkRow, chunkById, unstreamedSummary } from './chunks/chunks.store.ts';
export { judgeChunkBlob } from './chunks/judge-chunk-blob.ts';
export { UploadsInFlight } from './chunks/uploads-in-flight.ts';
export { type DeletionConfig, deletionSettings } from './deletion/deletion.config.ts';
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
export { applyRetention, previewRetention, type RetentionPreview } from './deletion/retention.ts';
export { type IncidentRow, incidentById } from './incident-access.ts';
export { incidentRoutes } from './incidents.routes.ts';
export { countIncidents, findIncidents, type IncidentCount, type IncidentFilter } from './incidents.store.ts';
export { assignOwnerTransaction } from './incidents.transactions.ts';
export { streamJson, streamShape } from './streams/streams.json.ts';
export { streamRoutes } from './streams/streams.routes.ts';
export { type StreamRow, streamsOf } from './streams/streams.store.ts';
export { chunkTarget } from './uploads/chunk-target.ts';
export { chunkUploadRoutes } from './uploads/chunk-uploads.routes.ts';
export { type ViewerTokenConfig, viewerTokenSettings } from './viewer-tokens/viewer-tokens.config.ts';
export { viewerTokenRoutes } from './viewer-tokens/viewer-tokens.routes.ts';
export { incidentOfViewerToken } from './viewer-tokens/viewer-tokens.store.ts';
