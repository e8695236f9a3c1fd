export type { TusDeps } from './answer-tus.ts';
export { type ResumableConfig, resumableSettings } from './resumable.config.ts';
export { type ResumableRoutesOptions, resumableRoutes } from './resumable.routes.ts';
export type { ResumablePartsTable, ResumableUploadsTable } from './resumable.tables.ts';
export { sweepUploads, type TendDeps, tendUploads } from './tend-uploads.ts';
export { UploadLocks } from './upload-locks.ts';
export type { FullUpload, UploadTarget, UploadWish, UploadWords } from './upload-target.ts';
