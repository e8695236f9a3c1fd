import { resolve } from 'node:path';
import { accountSettings } from '#features/accounts/settings.ts';
import { cloudSettings } from '#features/cloud/settings.ts';
import { documentSettings, processingSettings } from '#features/documents/settings.ts';
import {
  captureSettings,
  checkRetention,
  chunkSettings,
  deletionSettings,
  relayCapabilitySettings,
  safetyCheckSettings,
  viewerTokenSettings,
} from '#features/incidents/settings.ts';
import { jobSettings } from '#features/jobs/settings.ts';
import { identitySettings, lineageSettings } from '#features/lineage/settings.ts';
import { relaySettings } from '#features/relay/settings.ts';
import { relayAccessSettings } from '#features/relay-access/settings.ts';
import { resumableSettings } from '#features/resumable/settings.ts';
import { rateLimitSettings } from '#http/rate-limits.ts';
import { blobSettings } from '#platform/blobs/blobs.config.ts';
import { checkS3Settings } from '#platform/blobs/s3/s3-settings.ts';
import { coordinationSettings } from '#platform/coordination/coordination.config.ts';
import { valkeyAddress } from '#platform/coordination/valkey/valkey-address.ts';
import { metadataSettings } from '#platform/metadata/metadata.config.ts';
import { isLoopback, type Settings, type ValuesOf } from '#platform/process/setting.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import { jobQueueAddress } from './jobs/job-queue-address.ts';
import { type EffectiveValue, loadSettings, type Sources } from './load-settings.ts';
import { serverSettings } from './server.config.ts';

/** Every section, in the order in which the reference lists them. A slice receives its own and no other. */
export const sections = {
  server: serverSettings,
  metadata: metadataSettings,
  blobs: blobSettings,
  coordination: coordinationSettings,
  accounts: accountSettings,
  chunks: chunkSettings,
  viewerTokens: viewerTokenSettings,
  safetyChecks: safetyCheckSettings,
  deletion: deletionSettings,
  captures: captureSettings,
  relayCapabilities: relayCapabilitySettings,
  relayAccess: relayAccessSettings,
  documents: documentSettings,
  resumable: resumableSettings,
  processing: processingSettings,
  jobs: jobSettings,
  cloud: cloudSettings,
  lineage: lineageSettings,
  lineageIdentity: identitySettings,
  relay: relaySettings,
  rateLimits: rateLimitSettings,
} satisfies Record<string, Settings>;

export type Config = { readonly [Name in keyof typeof sections]: ValuesOf<(typeof sections)[Name]> };

export interface LoadedConfig {
  config: Config;
  /** In the order of the reference; for `proofline config`. */
  effective: readonly EffectiveValue[];
}

/** Names of older servers whose meaning would be dangerous to guess. */
const refused: Record<string, string> = {
  SAFE_PUBLIC_BIND_ADDR: 'There is no separate public listener any more: the viewer is served by the main one.',
  SAFE_PUBLIC_BIND_ADDRS: 'There is no separate public listener any more: the viewer is served by the main one.',
};

/** Reads, checks and freezes the configuration. Throws StartupError naming the variable, never its rejected value. */
export function loadConfig(sources: Sources): LoadedConfig {
  for (const [name, reason] of Object.entries(refused)) {
    if (sources.environment[name] !== undefined || sources.file?.values[name] !== undefined) {
      throw new StartupError(
        `${name} is not accepted. ${reason}`,
        'Remove it. Use SAFE_MAIN_BIND_ADDRS for the API and the viewer, SAFE_ADMIN_BIND_ADDRS for the private admin listener.',
      );
    }
  }
  const { values, effective } = loadSettings(sections, sources);
  const config = values as Config; // loadSettings parsed each value with the setting that gives it its type
  checkTogether(config);
  return { config: Object.freeze(config), effective };
}

function checkTogether(config: Config): void {
  const { server, blobs, chunks, coordination, documents, jobs, lineage, metadata } = config;
  checkRetention(config.deletion);
  checkS3Settings(blobs, {
    SAFE_MAX_UPLOAD_BYTES: chunks.maxUploadBytes,
    SAFE_DOCUMENTS_MAX_UPLOAD_BYTES: documents.maxUploadBytes,
  });
  if (coordination.backend !== 'none') valkeyAddress(coordination);
  if (metadata.backend === 'postgresql' && metadata.postgresDsn === '') {
    throw new StartupError(
      'SAFE_METADATA_BACKEND is postgresql, but SAFE_POSTGRES_DSN is not set.',
      'Set SAFE_POSTGRES_DSN (or DATABASE_URL), or SAFE_POSTGRES_DSN_FILE naming a file that holds it.',
    );
  }
  if (jobs.queue === 'bullmq') jobQueueAddress({ jobs, coordination });
  if (!jobs.inServer && metadata.backend !== 'postgresql') {
    throw new StartupError(
      'SAFE_JOBS_IN_SERVER is false, but no other process can run jobs beside a database in a file.',
      'Set SAFE_JOBS_IN_SERVER=true, or SAFE_METADATA_BACKEND=postgresql and run `proofline worker`.',
    );
  }
  if (lineage.index === 'postgresql' && metadata.postgresDsn === '') {
    throw new StartupError(
      'STRICTURE_SERVER_INDEX is postgresql, but SAFE_POSTGRES_DSN is not set.',
      'Set SAFE_POSTGRES_DSN, or SAFE_POSTGRES_DSN_FILE naming a file that holds it; or keep the index in sqlite.',
    );
  }
  if (chunks.stagingQuotaBytes < chunks.maxUploadBytes) {
    throw new StartupError(
      'SAFE_TEMP_UPLOAD_STAGING_QUOTA_BYTES is smaller than SAFE_MAX_UPLOAD_BYTES: the largest upload could never be staged.',
      'Raise the first or lower the second.',
    );
  }
  const shared = server.mainAddresses.find(
    ({ host, port }) => port !== 0 && server.adminAddresses.some((admin) => admin.port === port && admin.host === host),
  );
  if (shared !== undefined) {
    throw new StartupError(
      'SAFE_MAIN_BIND_ADDRS and SAFE_ADMIN_BIND_ADDRS name the same address.',
      'Give the private admin listener an address of its own.',
    );
  }
}

/** The same configuration with its rows or blobs elsewhere, for a command that copies there. Throws StartupError. */
export function withBackends(
  config: Config,
  { rows = config.metadata.backend, blobs = config.blobs.backend }: MovedTo,
): Config {
  const moved = {
    ...config,
    metadata: { ...config.metadata, backend: rows },
    blobs: { ...config.blobs, backend: blobs },
  };
  checkTogether(moved);
  return Object.freeze(moved);
}

export interface MovedTo {
  rows?: Config['metadata']['backend'];
  blobs?: Config['blobs']['backend'];
}

/** Admin pages reachable from other machines deserve a word at start. */
export function exposesAdmin(config: Config): boolean {
  return config.server.adminAddresses.some(({ host }) => !isLoopback(host));
}

export function dataPaths(config: Config): { dataDir: string; dbPath: string } {
  const dataDir = resolve(config.server.dataDir);
  return {
    dataDir,
    dbPath: config.metadata.sqlitePath === '' ? resolve(dataDir, 'proofline.db') : resolve(config.metadata.sqlitePath),
  };
}

/** For runs, and nothing else in it. */
export function lineageDir(config: Config): string {
  return config.lineage.dataDir === '' ? resolve(config.server.dataDir, 'lineage') : resolve(config.lineage.dataDir);
}

/** Whether `proofline serve` answers lineage too: not where nobody said who may. */
export function servesLineage(config: Config): boolean {
  return config.lineageIdentity.mode !== '';
}

/** For a configuration whose backend is PostgreSQL. */
export function postgresDsns({ metadata }: Config): { dsn: string; migrateDsn?: string } {
  const { postgresDsn: dsn, postgresMigrateDsn: migrateDsn } = metadata;
  return migrateDsn === '' ? { dsn } : { dsn, migrateDsn };
}
