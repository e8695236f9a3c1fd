export { S3Connection } from './connect-s3.ts';
export { quickProbe, thoroughProbe } from './probe-store.ts';
export { openS3BlobStore } from './s3-blob-store.ts';
