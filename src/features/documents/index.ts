export { type DocumentConfig, documentSettings } from './documents.config.ts';
export { documentRoutes } from './documents.routes.ts';
export { documentJobEndings } from './jobs/document-job-endings.ts';
export { documentJobRoutes } from './jobs/document-jobs.routes.ts';
export { finishDocumentJob } from './jobs/settle-document.ts';
export { sharingRoutes } from './sharing.routes.ts';
export { documentTarget } from './uploads/document-target.ts';
export { documentUploadRoutes } from './uploads/document-uploads.routes.ts';
