import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { z } from 'zod';
import { bearerToken } from '#http/caller.ts';
import * as reply from '#http/reply.ts';
import { type Exchange, type Route, route } from '#http/route.ts';
import { isSha256Hex } from '#kit/bytes.ts';
import { isProblem, Problem } from '#kit/errors.ts';
import { isId } from '#kit/ids.ts';
import type { ClientFeedback } from '../upload/client-feedback.ts';
import type { FanoutConfig } from './fanout.config.ts';
import { LiveReader } from './live-reader.ts';
import type { LiveStreams } from './live-streams.ts';
import type { ReaderClaim } from './reader-authority.ts';
import type { ReaderRight, ReaderRights } from './reader-rights.ts';
import { Seats } from './seats.ts';
import { sendLiveChunk } from './send-live-chunk.ts';

export interface LiveDeps {
  streams: LiveStreams;
  rights: ReaderRights;
  feedback: ClientFeedback;
}

const livePath = '/relay/v1/incidents/:incident_id/streams/:stream_id/live';
const chunkPath = `${livePath}/:chunk_index`;
const bearer = { Authorization: { description: 'Bearer, and a fanout capability of this stream', required: true } };
const whichBytes = z.strictObject({ sha256_hex: z.string().refine(isSha256Hex).optional() });

export function liveRoutes(deps: LiveDeps, config: FanoutConfig): Route[] {
  const { streams } = deps;
  const readers = new Seats(config.maxReaders, config.readersPerCapability);
  const downloads = new Seats(config.maxReaders, config.readersPerCapability);
  return [
    route({
      method: 'GET',
      path: livePath,
      summary: 'Read along with a stream',
      description:
        'Server-sent events. First the window: one `chunk` event for each of the newest chunks. Then `chunk` and `state` events as they ' +
        'happen, and comments as signs of life. `state` is unconfirmed, confirmed, rejected or failed; the last two are withdrawn. ' +
        'With Last-Event-ID only what changed since, or `reset` and the window where the relay does not know that any more. ' +
        '`end` says why it is over: revoked, expired, closed, slow, shutting_down or core_unavailable.',
      tag: 'Relay',
      access: 'anyone',
      limit: 'relay_live',
      headers: { ...bearer, 'Last-Event-ID': { description: 'The id of the last event that was heard' } },
      responses: { 200: { description: 'Events, until somebody ends it', mediaType: 'text/event-stream' } },
      errors: ['relay_capability_invalid', 'relay_core_unavailable', 'too_many_readers', 'method_not_allowed'],
      handle: async (exchange) => {
        const { incoming, outgoing } = exchange.c.env;
        if (incoming.method !== 'GET') throw new Problem('method_not_allowed');
        const claim = claimOf(exchange);
        const lastEventId = incoming.headers['last-event-id'];
        const { right, leave } = await enter(readers, deps, claim);
        if (incoming.socket.destroyed) {
          leave();
          return RESPONSE_ALREADY_SENT;
        }
        const reader = new LiveReader(outgoing, config.readerBufferBytes, () => {
          streams.leave(claim, reader);
          leave();
        });
        right.onEnd((reason) => reader.end(reason));
        outgoing.writeHead(
          200,
          // Proxies that gather what they pass on would make it late.
          reply.streamHeaders({ 'Content-Type': 'text/event-stream; charset=utf-8', 'X-Accel-Buffering': 'no' }),
        );
        streams.join(claim, reader, typeof lastEventId === 'string' ? lastEventId : undefined);
        return RESPONSE_ALREADY_SENT;
      },
    }),
    route({
      method: 'GET',
      path: chunkPath,
      summary: 'Fetch the sealed bytes of a chunk in the window',
      description:
        'Proofline-Chunk-State says what the core has said of them so far. Where two uploads with different bytes are on their way to one ' +
        'place, `sha256_hex` says which of them; without it the confirmed one, else the newest. Bytes that are withdrawn while they are ' +
        'being sent are broken off.',
      tag: 'Relay',
      access: 'anyone',
      limit: 'relay_live_chunk',
      query: whichBytes,
      headers: bearer,
      responses: {
        200: {
          description: 'The bytes as they were uploaded',
          mediaType: 'application/octet-stream',
          headers: {
            'Proofline-Chunk-State': 'unconfirmed or confirmed, when the answer began',
            'Repr-Digest': 'SHA-256 of the bytes',
          },
        },
      },
      errors: [
        'relay_capability_invalid',
        'relay_core_unavailable',
        'too_many_readers',
        'chunk_not_live',
        'chunk_withdrawn',
        'invalid_request',
      ],
      handle: async (exchange) => {
        const { outgoing } = exchange.c.env;
        const claim = claimOf(exchange);
        const { right, leave } = await enter(downloads, deps, claim);
        try {
          const index = exchange.param('chunk_index');
          const entry = /^\d{1,10}$/.test(index)
            ? streams.find(claim, Number(index), exchange.query.sha256_hex)
            : undefined;
          if (entry === undefined) throw new Problem('chunk_not_live');
          if (entry.state === 'rejected' || entry.state === 'failed') throw new Problem('chunk_withdrawn');
          await sendLiveChunk(outgoing, entry, right);
        } finally {
          leave();
        }
        return RESPONSE_ALREADY_SENT;
      },
    }),
    ...[livePath, chunkPath].map((path) =>
      route({
        method: 'OPTIONS',
        path,
        summary: 'Whether a page of another origin may read along',
        description: 'What a browser asks by itself. Only origins that the relay was told of are allowed.',
        tag: 'Relay',
        access: 'anyone',
        limit: 'relay_live_chunk',
        responses: { 204: { description: 'The headers say it' } },
        errors: [],
        handle: () => reply.noContent(),
      }),
    ),
  ];
}

/** Refusals that the core has to be asked for are counted, and who has too many of them is not asked about. */
async function enter(
  seats: Seats,
  { rights, feedback }: LiveDeps,
  claim: ReaderClaim,
): Promise<{ right: ReaderRight; leave: () => void }> {
  const name = feedback.nameOf(claim.token);
  await feedback.assertWelcome(name);
  const giveBack = seats.take(claim.token);
  try {
    const right = await rights.enter(claim);
    return {
      right,
      leave: () => {
        right.leave();
        giveBack();
      },
    };
  } catch (error) {
    giveBack();
    if (isProblem(error) && error.code === 'relay_capability_invalid') await feedback.note(name, 'denial');
    throw error;
  }
}

/** Whatever is wrong with it gets the one answer. */
function claimOf({ c, param }: Pick<Exchange<undefined, undefined, 'anyone'>, 'c' | 'param'>): ReaderClaim {
  const token = bearerToken(c.env.incoming.headers.authorization);
  const [incidentId, streamId] = [param('incident_id'), param('stream_id')];
  if (token === undefined || !isId('inc', incidentId) || !isId('str', streamId))
    throw new Problem('relay_capability_invalid');
  return { token, incidentId, streamId };
}
