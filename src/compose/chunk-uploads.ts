import type { ChunkUploads } from '#features/incidents/index.ts';
import type { Config } from './config.ts';

/** For every way in for chunks: their settings, and what accounts may hold. */
export function chunkUploads(deps: Omit<ChunkUploads, 'config'>, { accounts, chunks }: Config): ChunkUploads {
  const { metadata, blobs, inFlight } = deps;
  return { metadata, blobs, inFlight, config: { ...chunks, committedQuotaBytes: accounts.committedQuotaBytes } };
}
