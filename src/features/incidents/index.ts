import type { AnyTransaction } from '#platform/metadata/metadata.ts';
import { createCheckinTransaction } from './check-ins/check-ins.routes.ts';
import { recordChunkTransaction } from './chunks/chunks.transactions.ts';
import { deletionTransactions } from './deletion/deletion.transactions.ts';
import {
  assignOwnerTransaction,
  closeIncidentTransaction,
  createIncidentTransaction,
} from './incidents.transactions.ts';
import { streamTransactions } from './streams/streams.transactions.ts';
import { viewerTokenTransactions } from './viewer-tokens/viewer-tokens.routes.ts';

export const incidentTransactions: readonly AnyTransaction[] = [
  createIncidentTransaction,
  closeIncidentTransaction,
  assignOwnerTransaction,
  ...streamTransactions,
  recordChunkTransaction,
  createCheckinTransaction,
  ...viewerTokenTransactions,
  ...deletionTransactions,
];

export { incidentBundle, streamBundle } from './bundles/build-bundle.ts';
export { bundleRoutes } from './bundles/bundles.routes.ts';
export { sendBundle } from './bundles/send-bundle.ts';
export { checkinJson } from './check-ins/check-ins.json.ts';
export { checkinRoutes } from './check-ins/check-ins.routes.ts';
export { type CheckinRow, latestCheckins } from './check-ins/check-ins.store.ts';
export { chunkSettings } from './chunks/chunks.config.ts';
export { chunkJson } from './chunks/chunks.json.ts';
export { chunkRoutes } from './chunks/chunks.routes.ts';
export { type ChunkRow, chunkById, unstreamedSummary } from './chunks/chunks.store.ts';
export { UploadsInFlight } from './chunks/uploads-in-flight.ts';
export { type DeletionConfig, deletionSettings } from './deletion/deletion.config.ts';
export { deletionRoutes } from './deletion/deletion.routes.ts';
export { countUnfinished, type DecisionRow, listDecisions } from './deletion/deletion.store.ts';
export { runDeletions } from './deletion/deletion-worker.ts';
export { requestDeletion } from './deletion/request-deletion.ts';
export { applyRetention, previewRetention, type RetentionPreview } from './deletion/retention.ts';
export { type IncidentRow, incidentById } from './incident-access.ts';
export { incidentRoutes } from './incidents.routes.ts';
export { streamJson } from './streams/streams.json.ts';
export { streamRoutes } from './streams/streams.routes.ts';
export { type StreamRow, streamsOf } from './streams/streams.store.ts';
export { type ViewerTokenConfig, viewerTokenSettings } from './viewer-tokens/viewer-tokens.config.ts';
export { viewerTokenRoutes } from './viewer-tokens/viewer-tokens.routes.ts';
export { incidentOfViewerToken } from './viewer-tokens/viewer-tokens.store.ts';
