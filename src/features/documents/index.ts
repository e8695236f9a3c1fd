export { folderFor } from './access.ts';
export { type DocumentConfig, documentSettings } from './documents.config.ts';
export { documentRoutes } from './documents.routes.ts';
export { documentJobEndings } from './jobs/document-job-endings.ts';
export { documentJobRoutes } from './jobs/document-jobs.routes.ts';
export { finishDocumentJob } from './jobs/settle-document.ts';
