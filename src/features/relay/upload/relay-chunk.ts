import type { Readable } from 'node:stream';
import { Problem } from '#kit/errors.ts';
import type { CoreClient, Forwarded, Preflight } from '../core/core-client.ts';
import type { CoreRefusal } from '../core/core-verdict.ts';
import type { Fanout, FanoutEntry } from '../fanout/fanout.ts';
import type { RelayStaging } from '../staging/relay-staging.ts';
import type { StagedBody } from '../staging/staged-body.ts';
import type { ClientFeedback } from './client-feedback.ts';
import type { DeclaredChunk } from './declared-chunk.ts';
import type { UploadsAtOnce } from './uploads-at-once.ts';

export interface RelayChunkDeps {
  core: CoreClient;
  staging: RelayStaging;
  fanout: Fanout;
  feedback: ClientFeedback;
  uploads: UploadsAtOnce;
}

/**
 * One chunk from a client to the core. Losing the relay at any step loses nothing that a client was told is accepted: it sends the chunk
 * again, and the core knows it by its identity. Resolves with what the core said. Throws what the relay itself refuses for: rate_limited,
 * upload_too_large, staging_full, storage_full, storage_unavailable, length_mismatch, hash_mismatch, relay_core_unavailable.
 */
export async function relayChunk(deps: RelayChunkDeps, chunk: DeclaredChunk, body: Readable): Promise<Forwarded> {
  const { core, feedback, staging, uploads } = deps;
  const client = feedback.nameOf(chunk.capability);
  await feedback.assertWelcome(client);
  const told = async (refusal: CoreRefusal) => {
    await feedback.note(client, refusal.feedback);
    return { refusal };
  };

  // 1. The core judges everything but the bytes. None of them has been read.
  const preflight = await core.preflight(chunk);
  if (preflight.refusal !== undefined) return await told(preflight.refusal);
  if (chunk.byteSize > preflight.maxBytes) throw new Problem('upload_too_large');

  const leave = uploads.enter(client);
  try {
    // 2. Room for all of it, or none of it is read; then staged and hashed. A crash leaves a file that the next start removes.
    const staged = await staging.receive(body, chunk.byteSize);
    try {
      if (staged.sha256Hex !== chunk.sha256Hex) throw new Problem('hash_mismatch');
      // 3. Forwarded, also when the client has gone meanwhile: the chunk is whole, and the core's to accept.
      const forwarded = await forward(deps, chunk, staged, preflight);
      return forwarded.refusal === undefined ? forwarded : await told(forwarded.refusal);
    } finally {
      staged.release();
    }
  } finally {
    leave();
  }
}

type Asked = Exclude<Preflight, { refusal: CoreRefusal }>;

/** Those who read along hear of it first as unconfirmed, and then what the core said. */
async function forward(
  { core, fanout }: RelayChunkDeps,
  chunk: DeclaredChunk,
  staged: StagedBody,
  { mayFanOut, variantRole, ticket }: Asked,
): Promise<Forwarded> {
  const entry = mayFanOut
    ? fanout.offer({
        ...offered(chunk),
        ...(variantRole === undefined ? {} : { variantRole }),
        body: staged,
      })
    : undefined;
  try {
    const forwarded = await core.forward(chunk, staged, ticket);
    tell(entry, forwarded);
    return forwarded;
  } catch (error) {
    entry?.failed();
    throw error;
  }
}

function offered({ incidentId, streamId, chunkIndex, byteSize, sha256Hex, startedAt, endedAt }: DeclaredChunk) {
  return { incidentId, streamId, chunkIndex, byteSize, sha256Hex, startedAt, endedAt };
}

function tell(entry: FanoutEntry | undefined, { refusal }: Forwarded): void {
  if (refusal === undefined) entry?.confirmed();
  else if (refusal.status === 429 || refusal.status === 507 || refusal.code === 'upload_in_progress') entry?.failed();
  // Also for a chunk that is there already: the core does not say with which bytes.
  else entry?.rejected();
}
