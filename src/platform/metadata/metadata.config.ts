import { choice, type Settings, text } from '#platform/process/setting.ts';

export const metadataSettings = {
  backend: choice({
    env: 'SAFE_METADATA_BACKEND',
    doc: 'Where rows are kept.',
    default: 'sqlite',
    of: ['sqlite'],
  }),
  sqlitePath: text({
    env: 'SAFE_DB_PATH',
    doc: 'The SQLite database file. Empty: proofline.db in SAFE_DATA_DIR.',
    default: '',
    expected: 'a file',
  }),
} satisfies Settings;
