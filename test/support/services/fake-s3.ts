import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** What goes wrong with one request. */
export type Fault =
  /** The connection is cut, before or after it was carried out. */
  | 'cut-before'
  | 'cut-after'
  /** Carried out, and answered as if the key had been taken. */
  | 'done-but-412'
  /** Carried out whether the key is taken or not. */
  | 'ignore-condition'
  /** No answer ever. `late` carries it out after so many milliseconds. */
  | 'hang'
  | { late: number }
  /** Carried out and answered after so many milliseconds. */
  | { slow: number }
  /** Not carried out, answered with this status and code. */
  | { status: number; code: string }
  /** Reading: a byte is flipped; the connection is cut in the middle; less is announced and sent. */
  | 'wrong-byte'
  | 'cut-in-body'
  | 'short-body';

export interface FakeS3Options {
  /** Overwrites like a store that does not know the condition. */
  ignoresConditions?: boolean;
  /** Accepts bytes that are not what was signed or announced. */
  ignoresHashes?: boolean;
  /** Every answer that refuses repeats this, as real ones repeat keys, buckets and identifiers. */
  canary?: string;
  /** Shows what was written or removed only so many milliseconds later. */
  staleMs?: number;
  /** What it makes of `If-Match`: an ETag without quotes alone counts, as with Ceph; it is not heeded; it is not known. */
  ifMatch?: 'bare' | 'ignored' | 'unknown';
  /** How listings lie; see the type. */
  listings?: ListingLie;
  /** What goes wrong with the so-manieth request of its method, counted from 1, where nothing else was said. */
  pattern?: (request: { method: string; key: string; count: number }) => Fault | undefined;
}

/**
 * `unordered`, also across pages; `ragged`: pages of odd sizes, some of them empty; `from-the-start`: begins there whatever was asked;
 * `cut`: says that there is more, and not where; `circling`: says so for ever; `late`: without what is younger than a second.
 */
export type ListingLie = 'unordered' | 'ragged' | 'from-the-start' | 'cut' | 'circling' | 'late';

interface Stored {
  bytes: Buffer;
  nonce: string | undefined;
  /** Names as the headers had them. */
  metadata?: Record<string, string>;
  writtenAtMs?: number;
}

export interface FakeS3 {
  endpoint: string;
  bucket: string;
  objects: Map<string, Stored>;
  /** Method and key of every request so far. */
  requests: { method: string; key: string }[];
  /** The next requests of this method fail like this, one after the other. */
  next(method: string, ...faults: Fault[]): void;
  /** All of them do, until told otherwise. */
  always(method: string, fault: Fault | undefined): void;
  stop(): Promise<void>;
}

/** A small S3 server in memory that does wrong on demand. For faults only: what a real store does is tested on real ones. */
export async function startFakeS3(options: FakeS3Options = {}): Promise<FakeS3> {
  const objects = new Map<string, Stored>();
  const requests: FakeS3['requests'] = [];
  const queued = new Map<string, Fault[]>();
  const standing = new Map<string, Fault>();
  const counts = new Map<string, number>();
  const bucket = 'fake-bucket';

  const server = createServer((request, response) => void handle(request, response).catch(() => response.destroy()));
  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://fake');
    const [, inBucket, ...rest] = decodeURIComponent(url.pathname).split('/');
    const key = rest.join('/');
    const method = request.method ?? '';
    requests.push({ method, key });
    const count = (counts.get(method) ?? 0) + 1;
    counts.set(method, count);
    const fault = queued.get(method)?.shift() ?? standing.get(method) ?? options.pattern?.({ method, key, count });
    const body: Buffer[] = [];
    for await (const piece of request) body.push(piece as Buffer); // no encoding is set, so pieces are Buffers
    const refuse = (status: number, code: string) => {
      const xml = `<Error><Code>${code}</Code><Message>${options.canary ?? ''}</Message><Resource>${options.canary ?? ''}</Resource></Error>`;
      response.writeHead(status, { 'content-type': 'application/xml', 'x-amz-request-id': options.canary ?? 'fake' });
      response.end(method === 'HEAD' ? undefined : xml);
    };
    if (fault === 'cut-before') return void request.socket.destroy();
    if (fault === 'hang') return;
    if (typeof fault === 'object' && 'status' in fault) return refuse(fault.status, fault.code);
    if (typeof fault === 'object') await sleep('late' in fault ? fault.late : fault.slow);
    if (inBucket !== bucket) return refuse(404, 'NoSuchBucket');
    const silent = fault === 'cut-after' || (typeof fault === 'object' && 'late' in fault);
    const answer = silent ? discarding() : response;
    if (key === '') list(url, answer);
    else if (method === 'PUT')
      put(request, key, Buffer.concat(body), { answer, refuse: silent ? () => undefined : refuse });
    else if (method === 'DELETE') remove(key, answer);
    else get(request, key, { answer, refuse, fault });
    if (fault === 'cut-after') request.socket.destroy();

    function discarding(): ServerResponse {
      return { writeHead: () => undefined, end: () => undefined } as unknown as ServerResponse; // only these two are used
    }
    function put(from: IncomingMessage, name: string, bytes: Buffer, reply: Reply): unknown {
      const { headers } = from;
      const conditional =
        headers['if-none-match'] === '*' && !options.ignoresConditions && fault !== 'ignore-condition';
      if (conditional && objects.has(name)) return reply.refuse(412, 'PreconditionFailed');
      const over = headers['if-match'];
      if (over !== undefined && options.ifMatch === 'unknown') return reply.refuse(501, 'NotImplemented');
      if (over !== undefined && options.ifMatch !== 'ignored') {
        const standing = objects.get(name);
        if (standing === undefined) return reply.refuse(404, 'NoSuchKey');
        const there = etagOf(standing.bytes);
        if (over !== there && (options.ifMatch !== 'bare' || `"${over}"` !== there))
          return reply.refuse(412, 'PreconditionFailed');
        if (over === there && options.ifMatch === 'bare') return reply.refuse(412, 'PreconditionFailed');
      }
      const hash = createHash('sha256').update(bytes).digest();
      if (options.ignoresHashes !== true) {
        if (headers['x-amz-content-sha256'] !== hash.toString('hex'))
          return reply.refuse(400, 'XAmzContentSHA256Mismatch');
        if (headers['x-amz-checksum-sha256'] !== hash.toString('base64')) return reply.refuse(400, 'BadDigest');
      }
      const metadata = Object.fromEntries(
        Object.entries(headers).flatMap(([header, value]) =>
          header.startsWith('x-amz-meta-') && typeof value === 'string' ? [[header, value]] : [],
        ),
      );
      const stored = { bytes, nonce: metadata['x-amz-meta-proofline-commit'], metadata };
      show(() => objects.set(name, { ...stored, writtenAtMs: Date.now() }));
      if (fault === 'done-but-412') return reply.refuse(412, 'PreconditionFailed');
      reply.answer.writeHead(200, { etag: etagOf(bytes) });
      return reply.answer.end();
    }
    function remove(name: string, to: ServerResponse): void {
      show(() => objects.delete(name));
      to.writeHead(204);
      to.end();
    }
  }
  function show(change: () => void): void {
    if (options.staleMs === undefined) change();
    else setTimeout(change, options.staleMs);
  }
  function list(url: URL, response: ServerResponse): void {
    const asked = (name: string) => url.searchParams.get(name) ?? '';
    const prefix = asked('prefix');
    const start = options.listings === 'from-the-start' ? '' : asked('start-after');
    const names = new Set<string>();
    for (const [name, { writtenAtMs = 0 }] of objects) {
      if (!name.startsWith(prefix) || name <= start) continue;
      if (options.listings === 'late' && writtenAtMs > Date.now() - 1_000) continue;
      const end = asked('delimiter') === '' ? -1 : name.indexOf('/', prefix.length);
      names.add(end < 0 ? name : name.slice(0, end + 1));
    }
    const rank = (name: string) => (options.listings === 'unordered' ? etagOf(Buffer.from(name)) : name);
    const [, pages = '0', last = ''] = /^(\d+)~(.*)$/.exec(asked('continuation-token')) ?? [];
    const all = [...names]
      .filter((name) => last === '' || rank(name) > rank(last))
      .sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
    const size = options.listings === 'ragged' ? (Number(pages) * 311) % 997 : Number(asked('max-keys'));
    const page = all.slice(0, size);
    const items = page.map((name) =>
      name.endsWith('/')
        ? `<CommonPrefixes><Prefix>${name}</Prefix></CommonPrefixes>`
        : `<Contents><Key>${name}</Key><Size>${objects.get(name)?.bytes.length}</Size><LastModified>2026-01-01T00:00:00Z</LastModified></Contents>`,
    );
    const circling = options.listings === 'circling';
    const more = page.length < all.length || circling || options.listings === 'cut';
    const next = circling ? '0~' : `${Number(pages) + 1}~${page.at(-1) ?? last}`;
    const token = more && options.listings !== 'cut' ? `<NextContinuationToken>${next}</NextContinuationToken>` : '';
    response.writeHead(200, { 'content-type': 'application/xml' });
    response.end(`<ListBucketResult><IsTruncated>${more}</IsTruncated>${token}${items.join('')}</ListBucketResult>`);
  }
  function get(request: IncomingMessage, key: string, reply: Reply & { fault: Fault | undefined }): unknown {
    const stored = objects.get(key);
    if (stored === undefined) return reply.refuse(404, 'NoSuchKey');
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
    const total = stored.bytes.length;
    if (range !== null && Number(range[1]) >= total) return reply.refuse(416, 'InvalidRange');
    const sent = Buffer.from(
      range === null ? stored.bytes : stored.bytes.subarray(Number(range[1]), Number(range[2]) + 1),
    );
    if (reply.fault === 'wrong-byte' && sent.length > 0) sent.writeUInt8((sent.readUInt8(0) + 1) % 256, 0);
    const length = reply.fault === 'short-body' ? sent.length - 1 : sent.length;
    reply.answer.writeHead(range === null ? 200 : 206, {
      'content-length': length,
      etag: etagOf(stored.bytes),
      ...(stored.nonce === undefined ? {} : { 'x-amz-meta-proofline-commit': stored.nonce }),
      ...stored.metadata,
      ...(range === null ? {} : { 'content-range': `bytes ${range[1]}-${range[2]}/${total}` }),
    });
    if (request.method === 'HEAD') return reply.answer.end();
    if (reply.fault !== 'cut-in-body') return reply.answer.end(sent.subarray(0, length));
    return reply.answer.write(sent.subarray(0, length >> 1), () => setTimeout(() => request.socket.destroy(), 20));
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    bucket,
    objects,
    requests,
    next: (method, ...faults) => void queued.set(method, [...(queued.get(method) ?? []), ...faults]),
    always(method, fault) {
      if (fault === undefined) standing.delete(method);
      else standing.set(method, fault);
    },
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function etagOf(bytes: Buffer): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`;
}

interface Reply {
  answer: ServerResponse;
  refuse: (status: number, code: string) => void;
}
