export { type DocumentConfig, documentSettings } from './documents.config.ts';
export { documentRoutes } from './documents.routes.ts';
export { documentTarget } from './uploads/document-target.ts';
export { documentUploadRoutes } from './uploads/document-uploads.routes.ts';
