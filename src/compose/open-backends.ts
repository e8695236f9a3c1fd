import { LocalBlobStore, openLocalBlobStore } from '#platform/blobs/local/local-blob-store.ts';
