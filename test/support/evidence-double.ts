import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ZipFile } from 'yazl';

/**
 * A small stand-in for the evidence server over real HTTP, holding everything in memory. It exists to misbehave on
 * order, which the real server cannot; what the real server does is tested against the real server.
 */
export interface DoubleChunk {
  id: string;
  bytes: Buffer;
  startedAt: string;
  endedAt: string;
  key: string | undefined;
}
export interface DoubleStream {
  id: string;
  incidentId: string;
  mediaType: string;
  label: string | undefined;
  status: 'open' | 'complete' | 'failed';
  reason?: string;
  chunks: Map<number, DoubleChunk>;
}

/** `before`: answered without acting. `cut`: connection destroyed once some body came. `lost`: acted, then destroyed. */
export type Fault =
  | { kind: 'before'; status: number; code: string; retryAfter?: number | string }
  | { kind: 'cut' }
  | { kind: 'lost' }
  | { kind: 'stall' }
  | undefined;

export interface SeenRequest {
  method: string;
  path: string;
  idempotencyKey: string | undefined;
}

export interface EvidenceDouble {
  readonly url: string;
  readonly seen: SeenRequest[];
  readonly incidents: Map<
    string,
    { id: string; label: string | undefined; status: 'open' | 'closed'; checkins: unknown[] }
  >;
  readonly streams: Map<string, DoubleStream>;
  readonly tokens: Set<string>;
  /** Decides the fate of each request; called once per request. */
  fault: (request: SeenRequest) => Fault;
  close(): Promise<void>;
}

type Json = Record<string, unknown>;
type Reply = { status: number; body?: Json; headers?: Record<string, string>; raw?: Buffer };

const now = () => new Date().toISOString();
const refuse = (status: number, code: string, more: Json = {}): Reply => ({
  status,
  body: { error: { code, message: code }, ...more },
});

export async function startEvidenceDouble(port = 0): Promise<EvidenceDouble> {
  const incidents: EvidenceDouble['incidents'] = new Map();
  const streams = new Map<string, DoubleStream>();
  const tokens = new Set<string>();
  const seen: SeenRequest[] = [];

  const server = createServer((request, response) => {
    void serve(request, response).catch(() => response.destroy());
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://double');
    const key = request.headers['idempotency-key'];
    const entry = {
      method: request.method ?? '',
      path: url.pathname,
      idempotencyKey: typeof key === 'string' ? key : undefined,
    };
    seen.push(entry);
    const fault = double.fault(entry);
    if (fault?.kind === 'cut') {
      if (request.headers['content-length'] === '0' || request.method === 'GET') return void request.socket.destroy();
      request.once('data', () => request.socket.destroy());
      return;
    }
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    if (fault?.kind === 'stall') return;
    if (fault?.kind === 'before') {
      const headers = fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) };
      return answer(response, { ...refuse(fault.status, fault.code), headers });
    }
    const reply = await act(request, url, Buffer.concat(parts));
    if (fault?.kind === 'lost') return void request.socket.destroy();
    answer(response, reply);
  }

  async function act(request: IncomingMessage, url: URL, body: Buffer): Promise<Reply> {
    const path = url.pathname.split('/').slice(1).map(decodeURIComponent);
    const input = (): Json => (body.length > 0 ? JSON.parse(body.toString()) : {});
    const bearer = request.headers.authorization?.replace('Bearer ', '');
    if (url.pathname === '/v1/auth/login') return login(input());
    if (!bearer || !tokens.has(bearer)) return refuse(401, 'authentication_required');
    if (url.pathname === '/v1/auth/logout') {
      tokens.delete(bearer);
      return { status: 204 };
    }
    if (url.pathname === '/v1/incidents' && request.method === 'GET')
      return { status: 200, body: { incidents: [...incidents.values()].map(incidentView) } };
    if (url.pathname === '/v1/incidents') {
      const id = `inc_${randomUUID()}`;
      incidents.set(id, { id, label: asText(input().client_label), status: 'open', checkins: [] });
      return { status: 201, body: { incident_id: id, status: 'open' } };
    }
    const incident = incidents.get(path[2] ?? '');
    if (!incident) return refuse(404, 'incident_not_found');
    const route = `${request.method} ${path.slice(3, 4).join('')}`;
    if (route === 'GET ') {
      const own = [...streams.values()].filter((stream) => stream.incidentId === incident.id);
      return {
        status: 200,
        body: { incident: incidentView(incident), streams: own.map(streamView), chunks: [], checkins: [] },
      };
    }
    if (route === 'POST close') {
      if (incident.status === 'closed') return refuse(409, 'incident_closed');
      incident.status = 'closed';
      return { status: 200, body: incidentView(incident) };
    }
    if (route === 'POST checkins') {
      incident.checkins.push(input());
      return {
        status: 201,
        body: { id: `chi_${randomUUID()}`, incident_id: incident.id, created_at: now(), ...input() },
      };
    }
    if (route === 'POST incident-tokens') {
      return {
        status: 201,
        body: { token_id: 'itk_1', incident_id: incident.id, token: 'viewer-token', created_at: now() },
      };
    }
    if (route === 'POST chunks' && path[4] === 'reconcile') return reconcile(input());
    if (route === 'POST streams' && path.length === 4) {
      const id = `str_${randomUUID()}`;
      const stream: DoubleStream = {
        id,
        incidentId: incident.id,
        mediaType: String(input().media_type),
        label: asText(input().label),
        status: 'open',
        chunks: new Map(),
      };
      streams.set(id, stream);
      return { status: 201, body: { stream: streamView(stream) } };
    }
    if (route === 'GET streams' && path.length === 4) {
      const own = [...streams.values()].filter((stream) => stream.incidentId === incident.id);
      return { status: 200, body: { streams: own.map(streamView) } };
    }
    const stream = streams.get(path[4] ?? '');
    if (!stream) return refuse(404, 'stream_not_found');
    if (path.length === 5) return { status: 200, body: { stream: streamView(stream) } };
    if (path[5] === 'chunks') return put(request, stream, Number(path[6]), body, incident.status);
    if (path[5] === 'complete') return complete(stream, Number(input().expected_chunk_count));
    if (path[5] === 'fail') {
      stream.status = 'failed';
      stream.reason = String(input().failure_reason);
      return { status: 200, body: { stream: streamView(stream) } };
    }
    if (path[5] === 'download')
      return { status: 200, raw: await zipOf(stream), headers: { 'content-type': 'application/zip' } };
    return refuse(404, 'not_found');
  }

  function login(input: Json): Reply {
    if (input.username !== 'ada' || input.password !== 'correct horse battery')
      return refuse(401, 'invalid_credentials');
    const token = randomUUID();
    tokens.add(token);
    const account = { id: 'acct_1', username: 'ada', role: 'user', created_at: now() };
    return { status: 201, body: { session_id: 'ses_1', account, token, created_at: now(), expires_at: now() } };
  }

  function put(
    request: IncomingMessage,
    stream: DoubleStream,
    index: number,
    bytes: Buffer,
    incidentStatus: string,
  ): Reply {
    if (incidentStatus !== 'open') return refuse(409, 'incident_closed');
    if (stream.status !== 'open') return refuse(409, 'stream_not_open');
    const digest = createHash('sha256').update(bytes).digest();
    if (request.headers['repr-digest'] !== `sha-256=:${digest.toString('base64')}:`)
      return refuse(400, 'hash_mismatch');
    const key = request.headers['idempotency-key'];
    const startedAt = String(request.headers['proofline-started-at']);
    const endedAt = String(request.headers['proofline-ended-at']);
    const before = stream.chunks.get(index);
    if (before && (key === undefined || before.key !== key)) return refuse(409, 'duplicate_chunk');
    if (before && !before.bytes.equals(bytes)) return refuse(409, 'idempotency_conflict');
    const chunk = before ?? {
      id: `chk_${randomUUID()}`,
      bytes,
      startedAt,
      endedAt,
      key: typeof key === 'string' ? key : undefined,
    };
    stream.chunks.set(index, chunk);
    const view = {
      ...chunkView(stream, index, chunk),
      id: chunk.id,
      incident_id: stream.incidentId,
      stream_id: stream.id,
      created_at: now(),
    };
    return { status: before ? 200 : 201, body: view, headers: before ? { 'idempotency-replayed': 'true' } : {} };
  }

  function reconcile(input: Json): Reply {
    const stream = streams.get(String(input.stream_id));
    const index = Number(input.chunk_index);
    const chunk = stream?.chunks.get(index);
    if (!stream || !chunk) return refuse(404, 'chunk_not_found');
    const there: Json = chunkView(stream, index, chunk);
    const mismatched = ['sha256_hex', 'byte_size', 'started_at', 'ended_at', 'media_type'].filter(
      (field) => there[field] !== input[field],
    );
    if (mismatched.length > 0)
      return refuse(409, 'duplicate_chunk_conflict', {
        reconciliation: { status: 'conflict', mismatched_fields: mismatched },
      });
    return {
      status: 200,
      body: { reconciliation: { status: 'matched', identity: {}, chunk_id: chunk.id, ...there, created_at: now() } },
    };
  }

  function complete(stream: DoubleStream, expected: number): Reply {
    if (stream.status === 'complete') return refuse(409, 'stream_already_complete');
    if (stream.status === 'failed') return refuse(409, 'stream_failed');
    for (let index = 1; index <= expected; index++)
      if (!stream.chunks.has(index)) return refuse(409, 'stream_chunks_incomplete');
    if (stream.chunks.size !== expected) return refuse(409, 'stream_chunks_not_contiguous');
    stream.status = 'complete';
    return { status: 200, body: { stream: streamView(stream) } };
  }

  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  // A TCP server that listens has an AddressInfo; the type also covers pipes.
  const address = server.address() as AddressInfo;
  const double: EvidenceDouble = {
    url: `http://127.0.0.1:${address.port}`,
    seen,
    incidents,
    streams,
    tokens,
    fault: () => undefined,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return double;
}

function answer(response: ServerResponse, reply: Reply): void {
  const body = reply.raw ?? (reply.body ? Buffer.from(JSON.stringify(reply.body)) : Buffer.alloc(0));
  response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers }).end(body);
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function incidentView(incident: { id: string; label: string | undefined; status: string }): Json {
  return {
    id: incident.id,
    status: incident.status,
    ...(incident.label === undefined ? {} : { client_label: incident.label }),
    created_at: now(),
  };
}

function streamView(stream: DoubleStream): Json {
  const count = stream.status === 'complete' ? { expected_chunk_count: stream.chunks.size, completed_at: now() } : {};
  const label = stream.label === undefined ? {} : { label: stream.label };
  return {
    id: stream.id,
    incident_id: stream.incidentId,
    media_type: stream.mediaType,
    status: stream.status,
    created_at: now(),
    ...label,
    ...count,
  };
}

function chunkView(stream: DoubleStream, index: number, chunk: DoubleChunk): Json {
  return {
    chunk_index: index,
    media_type: stream.mediaType,
    byte_size: chunk.bytes.length,
    sha256_hex: createHash('sha256').update(chunk.bytes).digest('hex'),
    started_at: chunk.startedAt,
    ended_at: chunk.endedAt,
  };
}

/** The stream's bundle as the contract describes it. */
export async function zipOf(stream: DoubleStream): Promise<Buffer> {
  const ordered = [...stream.chunks].sort(([a], [b]) => a - b);
  const manifest = {
    incident_id: stream.incidentId,
    stream_id: stream.id,
    media_type: stream.mediaType,
    status: stream.status,
    encryption: { expected: 'client-side', scheme: 'safety-recorder-chunk-encryption-v1', server_decrypts: false },
    created_at: now(),
    completed_at: now(),
    chunk_count: ordered.length,
    total_bytes: ordered.reduce((sum, [, chunk]) => sum + chunk.bytes.length, 0),
    chunks: ordered.map(([index, chunk]) => chunkView(stream, index, chunk)),
  };
  const entries: [string, Buffer][] = [['manifest.json', Buffer.from(JSON.stringify(manifest))]];
  for (const [index, chunk] of ordered)
    entries.push([`chunks/${stream.mediaType}_${String(index).padStart(6, '0')}.enc`, chunk.bytes]);
  return zip(entries);
}

export async function zip(
  entries: readonly (readonly [string, Buffer])[],
  options: { compress?: boolean } = {},
): Promise<Buffer> {
  const file = new ZipFile();
  for (const [name, bytes] of entries) file.addBuffer(bytes, name, { compress: options.compress ?? false });
  file.end();
  const parts: Buffer[] = [];
  for await (const part of file.outputStream) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}
