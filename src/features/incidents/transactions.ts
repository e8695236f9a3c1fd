import type { AnyTransaction } from '#platform/metadata/metadata.ts';
import { createCaptureGroupTransaction } from './captures/captures.transactions.ts';
import {
  lookedAtTransaction,
  recordSupersessionTransaction,
  withdrawSupersessionTransaction,
} from './captures/supersessions/supersessions.transactions.ts';
import { createCheckinTransaction } from './check-ins/check-ins.transactions.ts';
import { recordChunkTransaction } from './chunks/chunks.transactions.ts';
import { deletionTransactions } from './deletion/deletion.transactions.ts';
import {
  assignOwnerTransaction,
  closeIncidentTransaction,
  createIncidentTransaction,
} from './incidents.transactions.ts';
import { relayCapabilityTransactions } from './relay-capabilities/relay-capabilities.transactions.ts';
import { safetyCheckTransactions } from './safety-checks/safety-checks.transactions.ts';
import { streamTransactions } from './streams/streams.transactions.ts';
import { beginChunkUploadTransaction } from './uploads/chunk-uploads.transactions.ts';
import { createTokenTransaction, revokeTokenTransaction } from './viewer-tokens/viewer-tokens.transactions.ts';

/** A door of its own beside index.ts: the writer thread loads these and none of the routes. */
export const incidentTransactions: readonly AnyTransaction[] = [
  createIncidentTransaction,
  closeIncidentTransaction,
  assignOwnerTransaction,
  ...streamTransactions,
  createCaptureGroupTransaction,
  recordSupersessionTransaction,
  withdrawSupersessionTransaction,
  lookedAtTransaction,
  recordChunkTransaction,
  beginChunkUploadTransaction,
  createCheckinTransaction,
  ...safetyCheckTransactions,
  createTokenTransaction,
  revokeTokenTransaction,
  ...relayCapabilityTransactions,
  ...deletionTransactions,
];
