import type { Config } from '#compose/config.ts';
import { StartupError } from '#platform/process/startup-error.ts';

/** Two nodes must share everything. Throws StartupError naming what they would not share. */
export function assertShared({ metadata, blobs, coordination }: Config): void {
  const lacking = [
    ...(metadata.backend === 'postgresql' ? [] : ['SAFE_METADATA_BACKEND=postgresql and SAFE_POSTGRES_DSN']),
    ...(blobs.backend === 's3' ? [] : ['SAFE_BLOB_BACKEND=s3 and SAFE_S3_…']),
    ...(coordination.backend === 'none' ? ['SAFE_COORDINATION_BACKEND=valkey and SAFE_VALKEY_ADDR'] : []),
  ];
  if (lacking.length === 0) return;
  throw new StartupError(
    `demo --cluster starts two nodes, and they share nothing yet: set ${lacking.join('; ')}.`,
    'In a checkout, npm run demo -- --cluster starts local servers by itself; the installed package carries none, so give it yours, an empty database and an empty bucket.',
  );
}
