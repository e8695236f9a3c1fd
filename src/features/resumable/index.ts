export type { TusDeps } from './answer-tus.ts';
export { partMadeAt } from './part-path.ts';
export { removeUploadsOf } from './remove-uploads-of.ts';
export type { ResumableConfig } from './resumable.config.ts';
export { type ResumableRoutesOptions, resumableRoutes } from './resumable.routes.ts';
export { countUnderWay, namedParts, type UploadRow } from './resumable.store.ts';
export type { ResumablePartsTable, ResumableUploadsTable } from './resumable.tables.ts';
export { type BeginUpload, createUpload, createUploadTransaction } from './resumable.transactions.ts';
export { sweepUploads, type TendDeps, tendUploads } from './tend-uploads.ts';
export { UploadLocks } from './upload-locks.ts';
export type {
  GrantedUpload,
  KeptUpload,
  OvertakenUpload,
  UploadTarget,
  UploadWish,
  UploadWords,
} from './upload-target.ts';
