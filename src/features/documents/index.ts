export { type DocumentConfig, documentSettings } from './documents.config.ts';
export { documentJobEndings } from './jobs/document-job-endings.ts';
export { documentJobRoutes } from './jobs/document-jobs.routes.ts';
export { finishDocumentJob } from './jobs/settle-document.ts';
export { sharingRoutes } from './sharing.routes.ts';
export { deleteDocuments, expireTrash } from './trash/delete-documents.ts';
export { sweepStrays } from './trash/sweep-strays.ts';
export { documentRoutes } from './vault.routes.ts';
