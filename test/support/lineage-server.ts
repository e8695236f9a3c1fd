import { createHash, timingSafeEqual } from 'node:crypto';
import type { LineageAct } from '#features/lineage/audit.ts';
import type { LineageIdentity } from '#features/lineage/identity/identity.ts';
import { ingestRoutes } from '#features/lineage/ingest/ingest.routes.ts';
import type { LineageDeps } from '#features/lineage/lineage-deps.ts';
import { lineagePages } from '#features/lineage/pages/pages.routes.ts';
import { queryRoutes } from '#features/lineage/queries/queries.routes.ts';
import { ObjectRunStore } from '#features/lineage/stores/objects/object-run-store.ts';
import { createApp } from '#http/app.ts';
import { listen } from '#http/listener.ts';
import { nodeHome } from '#http/node-home.ts';
import { trustProxies } from '#http/peers.ts';
import { Problem } from '#kit/errors.ts';
import { MemoryObjectStore } from '#platform/objects/memory/memory-object-store.ts';
import { createLog } from '#platform/process/log.ts';

export interface LineageServer {
  readonly url: string;
  readonly port: number;
  readonly store: ObjectRunStore;
  /** One for each act, as the server's audit has it. */
  readonly acts: LineageAct[];
  close(): Promise<void>;
}

export interface LineageServerOptions {
  /** Goes on with what an earlier server of the test kept. */
  objects?: MemoryObjectStore;
  port?: number;
  collisionPolicy?: 'reject' | 'noop';
  /** Milliseconds since 1970; a second later with each run by default, so that every run has a time of its own. */
  clock?: () => number;
}

/** May everything, everywhere. */
export const lineageToken = 'lineage-token-of-a-test';
/** May read and nothing else. */
export const readerToken = 'reader-token-of-a-test';

/** The routes of lineage as an app of their own on a real listener; only the store's objects are in memory. */
export async function startLineageServer(options: LineageServerOptions = {}): Promise<LineageServer> {
  const store = new ObjectRunStore(options.objects ?? new MemoryObjectStore(), 'strict');
  const acts: LineageAct[] = [];
  const log = createLog('silent');
  let seconds = 0;
  const deps: LineageDeps = {
    store,
    identity,
    limit: () => undefined,
    audit: (act) => void acts.push(act),
    clock: options.clock ?? (() => Date.parse('2026-01-30T23:59:50.000Z') + 1000 * seconds++),
  };
  const rules = { collisionPolicy: options.collisionPolicy ?? 'reject', maxBodyBytes: 10_000_000 } as const;
  const app = createApp(
    [...ingestRoutes(deps, rules), ...queryRoutes(deps), ...lineagePages(deps, { secure: false })],
    {
      identifier: { identify: async () => undefined },
      limiter: () => undefined,
      home: nodeHome(log),
      log,
    },
  );
  const listener = await listen({
    name: 'lineage',
    addresses: [{ host: '127.0.0.1', port: options.port ?? 0 }],
    app,
    peers: trustProxies([]),
    observer: () => undefined,
    log,
  });
  const port = listener.addresses[0]?.port ?? 0;
  return { url: `http://127.0.0.1:${port}`, port, store, acts, close: () => listener.close(0) };
}

const identity: LineageIdentity = {
  async identify(headers) {
    const header = headers.get('authorization') ?? '';
    if (same(header, `Bearer ${lineageToken}`)) return { subject: 'token', may: () => true };
    if (same(header, `Bearer ${readerToken}`)) return { subject: 'reader', may: (action) => action === 'read' };
    throw new Problem('authentication_required');
  },
};

function same(a: string, b: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}
