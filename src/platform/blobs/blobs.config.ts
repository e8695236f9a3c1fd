import { choice, type Settings } from '#platform/process/setting.ts';

export const blobSettings = {
  backend: choice({ env: 'SAFE_BLOB_BACKEND', doc: 'Where bytes are kept.', default: 'local', of: ['local'] }),
} satisfies Settings;
