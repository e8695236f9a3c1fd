import { bytes, duration, integer, type Settings, type ValuesOf } from '#platform/process/setting.ts';

export const documentSettings = {
  maxUploadBytes: bytes({
    env: 'SAFE_DOCUMENTS_MAX_UPLOAD_BYTES',
    doc: 'The largest document that is accepted.',
    default: '5GiB',
    atLeast: 1,
  }),
  quotaBytes: bytes({
    env: 'SAFE_DOCUMENTS_QUOTA_BYTES',
    doc: 'Bytes of documents, with all their versions, that one account may keep unless an administrator sets another limit for it. 0: no limit.',
    default: '10GiB',
  }),
  quotaDocuments: integer({
    env: 'SAFE_DOCUMENTS_QUOTA_COUNT',
    doc: 'Documents that one account may keep unless an administrator sets another limit for it. 0: no limit.',
    default: '100000',
    min: 0,
    max: 1_000_000_000,
  }),
  trashRetentionMs: duration({
    env: 'SAFE_DOCUMENTS_TRASH_RETENTION',
    doc: 'How long documents stay in the trash before they are removed for good. 0: until somebody empties it.',
    default: '30d',
  }),
} satisfies Settings;

export type DocumentConfig = ValuesOf<typeof documentSettings>;
