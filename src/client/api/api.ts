import { type Reader, read } from '../shape.ts';
import { ProoflineApiError } from './api-error.ts';
import * as captures from './captures-wire.ts';
import { type ChunkFacts, sourceFields } from './chunk-facts.ts';
import { type Accepted, accepted, keyHeader, putChunk, type UploadCall } from './put-chunk.ts';
import type { NewCaptureGroup, NewCheckin, NewIncident, NewStream } from './requests.ts';
import { type CallOptions, pathOf, Transport, type TransportOptions } from './transport.ts';
import * as wire from './wire.ts';

export type Reconciliation =
  | { readonly status: 'matched'; readonly chunk_id: string }
  | { readonly status: 'conflict'; readonly mismatched_fields: readonly string[] }
  | { readonly status: 'absent' };

/**
 * The routes that a recorder or a contact needs. Every call throws ProoflineApiError when the server refused,
 * ProoflineNetworkError when no usable answer came, and the signal's reason when the caller gave up.
 */
export class ProoflineApi {
  readonly #transport: Transport;

  constructor(options: TransportOptions) {
    this.#transport = new Transport(options);
  }

  /** The session token for the calls to come; undefined forgets it. */
  useToken(token: string | undefined): void {
    this.#transport.useToken(token);
  }

  get hasToken(): boolean {
    return this.#transport.hasToken;
  }

  /** Signs in, and uses the new session from then on. */
  async login(username: string, password: string, options: CallOptions = {}): Promise<wire.Session> {
    const call = {
      ...options,
      method: 'POST',
      path: '/v1/auth/login',
      json: { username, password },
      anonymous: true,
    } as const;
    const { value } = await this.#transport.json(wire.session, call);
    this.useToken(value.token);
    return value;
  }

  /** Ends this session on the server and forgets its token. */
  async logout(options: CallOptions = {}): Promise<void> {
    await this.#transport.nothing({ ...options, method: 'POST', path: '/v1/auth/logout' });
    this.useToken(undefined);
  }

  account(options?: CallOptions): Promise<wire.AccountAnswer> {
    return this.#get(wire.accountAnswer, '/v1/account', options);
  }

  createIncident(input: NewIncident = {}, options?: CallOptions): Promise<wire.CreatedIncident> {
    return this.#post(wire.createdIncident, '/v1/incidents', { ...input }, options);
  }

  /** One page of the account's incidents; `limit` is the server's when absent. */
  incidents(page: { cursor?: string; limit?: number } = {}, options?: CallOptions): Promise<wire.IncidentPage> {
    const query = new URLSearchParams();
    if (page.cursor !== undefined) query.set('cursor', page.cursor);
    if (page.limit !== undefined) query.set('limit', String(page.limit));
    return this.#get(wire.incidentPage, query.size > 0 ? `/v1/incidents?${query}` : '/v1/incidents', options);
  }

  incident(incidentId: string, options?: CallOptions): Promise<wire.IncidentDetail> {
    return this.#get(wire.incidentDetail, incidentPath(incidentId), options);
  }

  closeIncident(incidentId: string, options: CallOptions = {}): Promise<void> {
    return this.#transport.nothing({ ...options, method: 'POST', path: incidentPath(incidentId, 'close') });
  }

  checkIn(incidentId: string, input: NewCheckin, options?: CallOptions): Promise<wire.Checkin> {
    return this.#post(wire.checkin, incidentPath(incidentId, 'checkins'), { ...input }, options);
  }

  /** Begins the timeline of one source: streams that name the group are variants of the same moments. */
  async createCaptureGroup(
    incidentId: string,
    input: NewCaptureGroup,
    options?: CallOptions,
  ): Promise<wire.CaptureGroup> {
    const path = incidentPath(incidentId, 'capture-groups');
    return (await this.#post(captures.captureGroupAnswer, path, { ...input }, options)).capture_group;
  }

  /** A page of them, newest first. */
  captureGroups(incidentId: string, options?: CallOptions): Promise<wire.CaptureGroupPage> {
    return this.#get(captures.captureGroupPage, incidentPath(incidentId, 'capture-groups'), options);
  }

  /** What the server would show of each moment, of all that it has confirmed. */
  resolution(incidentId: string, captureGroupId: string, options?: CallOptions): Promise<wire.Resolution> {
    const path = incidentPath(incidentId, 'capture-groups', captureGroupId, 'resolution');
    return this.#get(captures.resolution, path, options);
  }

  async createStream(incidentId: string, input: NewStream, options?: CallOptions): Promise<wire.Stream> {
    return (await this.#post(wire.streamAnswer, incidentPath(incidentId, 'streams'), { ...input }, options)).stream;
  }

  streams(incidentId: string, options?: CallOptions): Promise<wire.StreamPage> {
    return this.#get(wire.streamList, incidentPath(incidentId, 'streams'), options);
  }

  async stream(incidentId: string, streamId: string, options?: CallOptions): Promise<wire.Stream> {
    return (await this.#get(wire.streamAnswer, incidentPath(incidentId, 'streams', streamId), options)).stream;
  }

  async completeStream(
    incidentId: string,
    streamId: string,
    expectedChunkCount: number,
    options?: CallOptions,
  ): Promise<wire.Stream> {
    const path = incidentPath(incidentId, 'streams', streamId, 'complete');
    return (await this.#post(wire.streamAnswer, path, { expected_chunk_count: expectedChunkCount }, options)).stream;
  }

  async failStream(incidentId: string, streamId: string, reason?: string, options?: CallOptions): Promise<wire.Stream> {
    const path = incidentPath(incidentId, 'streams', streamId, 'fail');
    return (await this.#post(wire.streamAnswer, path, reason === undefined ? {} : { failure_reason: reason }, options))
      .stream;
  }

  /** Uploads one chunk file as the request's body. `bytes` must be what `facts.sha256_hex` was made from. */
  async putChunk(facts: ChunkFacts, bytes: Uint8Array<ArrayBuffer>, options: UploadCall = {}): Promise<Accepted> {
    return await putChunk(this.#transport, '/v1', facts, bytes, options);
  }

  /** Uploads one chunk as multipart/form-data, the way older clients do; with a name for display, if any. */
  async postChunk(
    facts: ChunkFacts,
    bytes: Uint8Array<ArrayBuffer>,
    options: UploadCall & { originalFilename?: string } = {},
  ): Promise<Accepted> {
    const form = new FormData();
    for (const field of ['stream_id', 'chunk_index', 'media_type', 'started_at', 'ended_at', 'sha256_hex'] as const) {
      form.set(field, String(facts[field]));
    }
    for (const [field, value] of Object.entries(facts.source === undefined ? {} : sourceFields(facts.source)))
      form.set(field, value);
    if (options.originalFilename !== undefined) form.set('original_filename', options.originalFilename);
    form.set('file', new Blob([bytes], { type: 'application/octet-stream' }), 'chunk.enc');
    const call = {
      ...options,
      method: 'POST',
      path: incidentPath(facts.incident_id, 'chunks'),
      headers: keyHeader(options),
      body: form,
    } as const;
    return accepted(await this.#transport.json(wire.chunk, call));
  }

  /** Lets the stream be uploaded through the relay, or read along there, for minutes. */
  async createRelayCapability(
    incidentId: string,
    streamId: string,
    input: { kind: 'upload' | 'fanout'; ttl_seconds?: number },
    options?: CallOptions,
  ): Promise<wire.RelayCapability> {
    return await this.#post(
      wire.relayCapability,
      incidentPath(incidentId, 'streams', streamId, 'relay-capabilities'),
      input,
      options,
    );
  }

  /** Asks whether a chunk is there and is this one. Changes nothing, and works after the incident was closed. */
  async reconcile(facts: ChunkFacts, options?: CallOptions): Promise<Reconciliation> {
    const { incident_id: incidentId, source, ...fingerprint } = facts;
    const place = source === undefined ? {} : { ...sourceFields(source), source_sequence: source.sequence };
    try {
      const answer = await this.#post(
        wire.matched,
        incidentPath(incidentId, 'chunks', 'reconcile'),
        { ...fingerprint, ...place },
        options,
      );
      return { status: 'matched', chunk_id: answer.reconciliation.chunk_id };
    } catch (error) {
      if (!(error instanceof ProoflineApiError)) throw error;
      if (error.code === 'chunk_not_found') return { status: 'absent' };
      if (error.code !== 'duplicate_chunk_conflict') throw error;
      const conflict = read(wire.conflicting, error.body);
      return {
        status: 'conflict',
        mismatched_fields: 'value' in conflict ? (conflict.value.reconciliation.mismatched_fields ?? []) : [],
      };
    }
  }

  /** `expires_at`: RFC 3339, null for until revoked, absent for the server's default. The token comes this once only. */
  createViewerToken(
    incidentId: string,
    input: { label?: string; expires_at?: string | null } = {},
    options?: CallOptions,
  ): Promise<wire.ViewerToken> {
    return this.#post(wire.viewerToken, incidentPath(incidentId, 'incident-tokens'), input, options);
  }

  async revokeViewerToken(tokenId: string, options?: CallOptions): Promise<void> {
    await this.#post(wire.revokedToken, `/v1${pathOf('incident-tokens', tokenId, 'revoke')}`, undefined, options);
  }

  /** The link to hand to a contact. A secret: whoever has it can see the incident. */
  viewerUrl(token: string): string {
    return this.#transport.url(pathOf('i', token));
  }

  async viewerData(token: string, options: CallOptions = {}): Promise<wire.ViewerData> {
    return (
      await this.#transport.json(wire.viewerData, {
        ...options,
        method: 'GET',
        path: pathOf('i', token, 'data'),
        anonymous: true,
      })
    ).value;
  }

  /** The bundle of one complete stream, or of all of them. The answer's body is the ZIP, streamed. */
  downloadBundle(incidentId: string, streamId?: string, options: CallOptions = {}): Promise<Response> {
    const path =
      streamId === undefined
        ? incidentPath(incidentId, 'download')
        : incidentPath(incidentId, 'streams', streamId, 'download');
    return this.#transport.download({ ...options, method: 'GET', path });
  }

  /** Of a capture group: what is complete, all that is confirmed, or of every moment the best. */
  downloadGroupBundle(
    incidentId: string,
    captureGroupId: string,
    kind: 'completed' | 'partial' | 'canonical',
    options: CallOptions = {},
  ): Promise<Response> {
    const path = `${incidentPath(incidentId, 'capture-groups', captureGroupId, 'download')}?kind=${kind}`;
    return this.#transport.download({ ...options, method: 'GET', path });
  }

  /** The same for a contact who has only the link's token. */
  downloadSharedBundle(token: string, streamId?: string, options: CallOptions = {}): Promise<Response> {
    const path =
      streamId === undefined
        ? pathOf('i', token, 'incident', 'download')
        : pathOf('i', token, 'streams', streamId, 'download');
    return this.#transport.download({ ...options, method: 'GET', path, anonymous: true });
  }

  /** Asks for an incident to be deleted; asking again returns the same decision. */
  async requestDeletion(
    incidentId: string,
    input: { reason_code?: string; allow_open?: boolean } = {},
    options?: CallOptions,
  ): Promise<wire.Deletion> {
    return (await this.#post(wire.deletionAnswer, incidentPath(incidentId, 'deletion'), input, options)).deletion;
  }

  async deletion(incidentId: string, options?: CallOptions): Promise<wire.Deletion> {
    return (await this.#get(wire.deletionAnswer, incidentPath(incidentId, 'deletion'), options)).deletion;
  }

  async #get<T>(reader: Reader<T>, path: string, options: CallOptions = {}): Promise<T> {
    return (await this.#transport.json(reader, { ...options, method: 'GET', path })).value;
  }

  async #post<T>(
    reader: Reader<T>,
    path: string,
    json: Record<string, unknown> | undefined,
    options: CallOptions = {},
  ): Promise<T> {
    return (await this.#transport.json(reader, { ...options, method: 'POST', path, json })).value;
  }
}

function incidentPath(incidentId: string, ...rest: readonly (string | number)[]): string {
  return `/v1${pathOf('incidents', incidentId, ...rest)}`;
}
