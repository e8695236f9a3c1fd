export type { TusDeps } from './answer-tus.ts';
export { partMadeAt } from './part-path.ts';
export { type ResumableConfig, resumableSettings } from './resumable.config.ts';
export { type ResumableRoutesOptions, resumableRoutes } from './resumable.routes.ts';
export { namedParts } from './resumable.store.ts';
export type { ResumablePartsTable, ResumableUploadsTable } from './resumable.tables.ts';
export { sweepUploads, type TendDeps, tendUploads } from './tend-uploads.ts';
export { UploadLocks } from './upload-locks.ts';
export type { FullUpload, UploadTarget, UploadWish, UploadWords } from './upload-target.ts';
