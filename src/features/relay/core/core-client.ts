import { z } from 'zod';
import type { ReaderAuthority, ReaderClaim, ReaderGrant } from '../fanout/reader-authority.ts';
import type { StagedCiphertext } from '../staging/staged-ciphertext.ts';
import type { DeclaredChunk } from '../upload/declared-chunk.ts';
import { type CoreConnection, type CoreReply, type CoreRequest, CoreUnreachable } from './core-connection.ts';
import type { CoreCredentials } from './core-credentials.ts';
import { type CoreRefusal, parse, refusalOf, unavailable } from './core-verdict.ts';

/** The most that the core answers for in one request. */
const readersAtOnce = 200;

export type Preflight =
  | { refusal: CoreRefusal }
  | { refusal?: undefined; maxBytes: number; mayFanOut: boolean; variantRole?: string; ticket?: string };

export type Forwarded =
  | { refusal: CoreRefusal }
  /** Its bytes and its row are on durable storage. The chunk is as the core described it. */
  | { refusal?: undefined; replayed: boolean; chunk: Record<string, unknown> };

export interface CoreClientOptions {
  connection: CoreConnection;
  credentials: CoreCredentials;
  preflightTimeoutMs: number;
  forwardTimeoutMs: number;
}

/** The three things that a relay may ask of the core. Each throws relay_core_unavailable where no answer for a client came. */
export class CoreClient implements ReaderAuthority {
  readonly #options: CoreClientOptions;

  constructor(options: CoreClientOptions) {
    this.#options = options;
  }

  /** May this chunk come? Changes nothing. */
  async preflight(chunk: DeclaredChunk): Promise<Preflight> {
    const reply = await this.#ask({
      method: 'POST',
      path: `${pathOf(chunk)}/preflight`,
      headers: headersOf(chunk),
      body: { bytes: Buffer.alloc(0) },
    });
    const refusal = refusalOf(reply);
    if (refusal !== undefined) return { refusal };
    const { max_bytes, fanout, variant_role, ticket } = parse(preflightShape, reply);
    return {
      maxBytes: max_bytes,
      mayFanOut: fanout,
      ...(variant_role === undefined ? {} : { variantRole: variant_role }),
      ...(ticket === undefined ? {} : { ticket }),
    };
  }

  /** Once: where no answer comes, the core may have it all the same, and the client finds out by sending it again. */
  async forward(chunk: DeclaredChunk, body: StagedCiphertext, ticket?: string): Promise<Forwarded> {
    const reply = await this.#send({
      method: 'PUT',
      path: pathOf(chunk),
      headers: {
        ...headersOf(chunk),
        ...(ticket === undefined ? {} : { 'proofline-relay-ticket': ticket }),
        'content-type': 'application/octet-stream',
      },
      body: { byteSize: body.byteSize, pieces: body.open() },
      deadlineMs: this.#options.forwardTimeoutMs,
    });
    const refusal = refusalOf(reply);
    if (refusal !== undefined) return { refusal };
    const accepted = parse(acceptedShape, reply);
    const same =
      accepted.incident_id === chunk.incidentId &&
      accepted.stream_id === chunk.streamId &&
      accepted.chunk_index === chunk.chunkIndex &&
      accepted.byte_size === body.byteSize &&
      accepted.sha256_hex === body.sha256Hex;
    if (!same) throw unavailable('a yes to another chunk');
    return { chunk: accepted, replayed: reply.headers['idempotency-replayed'] === 'true' };
  }

  async authorise(readers: readonly ReaderClaim[]): Promise<readonly ReaderGrant[]> {
    const groups: (readonly ReaderClaim[])[] = [];
    for (let at = 0; at < readers.length; at += readersAtOnce) groups.push(readers.slice(at, at + readersAtOnce));
    return (await Promise.all(groups.map((group) => this.#authorise(group)))).flat();
  }

  async #authorise(readers: readonly ReaderClaim[]): Promise<readonly ReaderGrant[]> {
    const claims = readers.map(({ token, incidentId, streamId }) => ({
      token,
      incident_id: incidentId,
      stream_id: streamId,
    }));
    const reply = await this.#ask({
      method: 'POST',
      path: '/relay/v1/fanout-authorisations',
      headers: { 'content-type': 'application/json' },
      body: { bytes: Buffer.from(JSON.stringify({ readers: claims })) },
    });
    const refusal = refusalOf(reply);
    if (refusal !== undefined) throw unavailable(`status ${refusal.status}`, refusal.retryAfter);
    const grants = parse(grantsShape, reply).readers;
    if (grants.length !== readers.length) throw unavailable('an answer of another length');
    return grants.map(({ granted, ended, expires_at, variant_role }) => ({
      granted,
      ...(ended === undefined ? {} : { ended }),
      ...(expires_at === undefined ? {} : { expiresAt: expires_at }),
      ...(variant_role === undefined ? {} : { variantRole: variant_role }),
    }));
  }

  /** For what changes nothing: a kept connection that had been closed at the other end is not taken for an answer. */
  async #ask(request: Omit<CoreRequest, 'deadlineMs'>): Promise<CoreReply> {
    const inTime = { ...request, deadlineMs: this.#options.preflightTimeoutMs };
    try {
      return await this.#sendOnce(inTime);
    } catch (error) {
      if (error instanceof CoreUnreachable && error.stale) return await this.#send(inTime);
      throw asProblem(error);
    }
  }

  async #send(request: CoreRequest): Promise<CoreReply> {
    try {
      return await this.#sendOnce(request);
    } catch (error) {
      throw asProblem(error);
    }
  }

  async #sendOnce(request: CoreRequest): Promise<CoreReply> {
    const authorization = `Bearer ${await this.#options.credentials.token()}`;
    return await this.#options.connection.send({ ...request, headers: { ...request.headers, authorization } });
  }
}

const preflightShape = z.looseObject({
  max_bytes: z.number().int().min(0),
  fanout: z.boolean(),
  variant_role: z.string().optional(),
  ticket: z.string().max(64).optional(),
});

const acceptedShape = z.looseObject({
  incident_id: z.string(),
  stream_id: z.string(),
  chunk_index: z.number(),
  byte_size: z.number(),
  sha256_hex: z.string(),
});

const grantsShape = z.looseObject({
  readers: z.array(
    z.looseObject({
      granted: z.boolean(),
      ended: z.boolean().optional(),
      expires_at: z.string().optional(),
      variant_role: z.string().optional(),
    }),
  ),
});

function pathOf({ incidentId, streamId, chunkIndex }: DeclaredChunk): string {
  const [incident, stream] = [encodeURIComponent(incidentId), encodeURIComponent(streamId)];
  return `/relay/v1/incidents/${incident}/streams/${stream}/chunks/${chunkIndex}`;
}

function headersOf(chunk: DeclaredChunk): Record<string, string> {
  return {
    ...chunk.headers,
    'proofline-relay-capability': chunk.capability,
    'proofline-declared-bytes': String(chunk.byteSize),
  };
}

function asProblem(error: unknown): unknown {
  return error instanceof CoreUnreachable ? unavailable(error.message) : error;
}
