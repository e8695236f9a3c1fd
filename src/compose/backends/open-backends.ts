import type { BlobStore } from '#platform/blobs/blob-store.ts';
import type { Coordinator } from '#platform/coordination/coordinator.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import type { Log } from '#platform/process/log.ts';
import type { Config } from '../config.ts';
import { openBlobs } from './open-blobs.ts';
import { openCoordinator } from './open-coordinator.ts';
import { openMetadata } from './open-metadata.ts';

export interface Backends {
  metadata: Metadata;
  blobs: BlobStore;
  coordinator: Coordinator;
  /** In reverse order of opening. */
  close(): Promise<void>;
}

/** Everything that the server stands on, as the configuration says. Throws StartupError; nothing stays open then. */
export async function openBackends(config: Config, log: Log): Promise<Backends> {
  const opened: { close(): Promise<void> }[] = [];
  const keep = <T extends { close(): Promise<void> }>(backend: T): T => {
    opened.push(backend);
    return backend;
  };
  const close = async () => {
    for (const backend of opened.splice(0).reverse()) await backend.close();
  };
  try {
    const metadata = keep(await openMetadata(config, log));
    const chunk = await metadata.read.selectFrom('chunks').select('id').limit(1).executeTakeFirst();
    const blobs = keep(await openBlobs(config, log, { hasChunks: chunk !== undefined }));
    const coordinator = keep(await openCoordinator(config, log));
    return { metadata, blobs, coordinator, close };
  } catch (error) {
    await close();
    throw error;
  }
}
