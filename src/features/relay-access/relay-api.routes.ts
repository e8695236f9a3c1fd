import { z } from 'zod';
import {
  authorisePut,
  type ChunkUploads,
  type FanoutRole,
  type JudgedOffer,
  mayFanOut,
  type PutPlace,
  putChunk,
  putHeaders,
  type RelayCapabilityConfig,
  uploadErrors,
  uploadReply,
  uploadResponses,
  useCapability,
} from '#features/incidents/index.ts';
import { bearerToken } from '#http/caller.ts';
import * as reply from '#http/reply.ts';
import { type HttpContext, type Route, route } from '#http/route.ts';
import { isProblem, Problem } from '#kit/errors.ts';
import type { RelayIdentity } from './identity/relay-identity.ts';
import { PreflightTickets } from './preflight-tickets.ts';

export const capabilityHeader = 'Proofline-Relay-Capability';
export const declaredBytesHeader = 'Proofline-Declared-Bytes';
export const ticketHeader = 'Proofline-Relay-Ticket';

const chunkPath = '/relay/v1/incidents/:incident_id/streams/:stream_id/chunks/:chunk_index';
const readersAtOnce = 200;

const readerShape = z.strictObject({
  token: z.string().max(256),
  incident_id: z.string().max(128),
  stream_id: z.string().max(128),
});

export interface RelayApiDeps extends ChunkUploads {
  identity: RelayIdentity;
}

interface Offer {
  token: string;
  place: PutPlace;
}

interface Preflighted extends Offer {
  authorised: JudgedOffer;
}

function isSame(a: Offer, b: Offer): boolean {
  return (
    a.token === b.token &&
    a.place.incidentId === b.place.incidentId &&
    a.place.streamId === b.place.streamId &&
    a.place.chunkIndex === b.place.chunkIndex
  );
}

/** What a relay may ask, and nothing else. Both are shown: who the relay is, and for whom it asks. */
export function relayApiRoutes(deps: RelayApiDeps, config: RelayCapabilityConfig): Route[] {
  const { read } = deps.metadata;
  const tag = 'Relay';
  const headers = {
    [capabilityHeader]: { description: "The client's capability", required: true },
    ...putHeaders,
  };
  const relayErrors = ['relay_unauthenticated', 'relay_capability_invalid'] as const;

  const identified = async (c: HttpContext) =>
    await deps.identity.identify(bearerToken(c.env.incoming.headers.authorization));

  const tickets = new PreflightTickets<Preflighted>();
  const said = (c: HttpContext, header: string) => c.env.incoming.headers[header.toLowerCase()]?.toString() ?? '';
  const offerOf = (c: HttpContext, param: (name: string) => string): Offer => ({
    token: said(c, capabilityHeader),
    place: { incidentId: param('incident_id'), streamId: param('stream_id'), chunkIndex: param('chunk_index') },
  });
  const granted = async ({ token, place }: Offer) => await useCapability(read, { kind: 'upload', token, ...place });

  return [
    route({
      method: 'POST',
      path: `${chunkPath}/preflight`,
      summary: 'Ask whether a chunk would be taken',
      tag,
      access: 'anyone',
      limit: 'relay',
      headers: {
        ...headers,
        [declaredBytesHeader]: { description: 'Of the body that the relay is about to read, where the client said' },
      },
      responses: {
        200: {
          description: 'It would, as far as can be known',
          json: z.object({
            max_bytes: z.number(),
            fanout: z.boolean(),
            variant_role: z.string().optional(),
            ticket: z
              .string()
              .describe('Shown with the PUT of this chunk it saves the server from asking all of it again'),
          }),
        },
      },
      errors: [...relayErrors, ...uploadErrors],
      handle: async ({ c, param }) => {
        await identified(c);
        const offer = offerOf(c, param);
        const { caller, isOpen, role } = await granted(offer);
        const declared = said(c, declaredBytesHeader);
        if (!/^(\d{1,15})?$/.test(declared)) throw new Problem('invalid_request');
        const bytes = Number(declared);
        const authorised = await authorisePut(deps, caller, offer.place, c.env.incoming.headers, bytes);
        deps.blobs.staging.assertRoom(bytes);
        return reply.json(200, {
          max_bytes: deps.config.maxUploadBytes,
          fanout: isOpen && mayFanOut(config, role),
          ...roleJson(role),
          ticket: tickets.issue({ ...offer, authorised }),
        });
      },
    }),
    route({
      method: 'PUT',
      path: chunkPath,
      summary: 'Hand over a chunk',
      tag,
      access: 'anyone',
      limit: 'relay',
      headers: { ...headers, [ticketHeader]: { description: 'Of the preflight. One that is not known is no mistake' } },
      body: { mediaType: 'application/octet-stream', description: 'The encrypted chunk' },
      responses: uploadResponses,
      errors: [...relayErrors, ...uploadErrors],
      handle: async ({ c, param }) => {
        const offer = offerOf(c, param);
        const ticket = tickets.take(said(c, ticketHeader));
        const known = ticket !== undefined && isSame(ticket, offer) ? ticket.authorised : undefined;
        if (known === undefined) await identified(c);
        // Always asked anew: what ends a capability ends it now.
        const { caller } = await granted(offer);
        return uploadReply(await putChunk(deps, caller, offer.place, c.env.incoming, known));
      },
    }),
    route({
      method: 'POST',
      path: '/relay/v1/fanout-authorisations',
      summary: 'Ask which readers may read along',
      tag,
      access: 'anyone',
      limit: 'relay',
      responses: {
        200: {
          description: 'In the order of the question',
          json: z.object({
            readers: z.array(
              z.object({
                granted: z.boolean(),
                expires_at: z.string().optional(),
                variant_role: z.string().optional(),
                ended: z.literal(true).optional().describe('The stream has ended'),
              }),
            ),
          }),
        },
      },
      errors: ['relay_unauthenticated', 'invalid_request', 'request_too_large'],
      handle: async ({ c, body }) => {
        await identified(c);
        const asked = parseReaders(await body(readersAtOnce * 600));
        return reply.json(200, { readers: await Promise.all(asked.map((reader) => judged(reader))) });
      },
    }),
  ];

  async function judged({ token, incident_id, stream_id }: z.output<typeof readerShape>) {
    try {
      const use = { kind: 'fanout' as const, token, incidentId: incident_id, streamId: stream_id };
      const { expiresAt, role, isOpen } = await useCapability(read, use);
      if (!mayFanOut(config, role)) return { granted: false };
      if (!isOpen) return { granted: false, ended: true };
      return { granted: true, expires_at: expiresAt, ...roleJson(role) };
    } catch (error) {
      if (isProblem(error, 'relay_capability_invalid')) return { granted: false };
      throw error;
    }
  }
}

function roleJson(role: FanoutRole): { variant_role?: string } {
  return role === 'none' ? {} : { variant_role: role };
}

function parseReaders(body: Uint8Array): z.output<typeof readerShape>[] {
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(body));
    return z.strictObject({ readers: z.array(readerShape).min(1).max(readersAtOnce) }).parse(json).readers;
  } catch (cause) {
    throw new Problem('invalid_request', { cause });
  }
}
