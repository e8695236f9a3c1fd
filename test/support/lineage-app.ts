import type { LineageAct } from '#features/lineage/audit.ts';
import type { Action, LineageCaller, LineageIdentity } from '#features/lineage/identity/identity.ts';
import type { LineageDeps } from '#features/lineage/lineage-deps.ts';
import type { ServiceKey } from '#features/lineage/record/names.ts';
import { ObjectRunStore } from '#features/lineage/stores/objects/object-run-store.ts';
import { createApp } from '#http/app.ts';
import { listen } from '#http/listener.ts';
import { nodeHome } from '#http/node-home.ts';
import { trustProxies } from '#http/peers.ts';
import type { Route } from '#http/route.ts';
import { Problem } from '#kit/errors.ts';
import { MemoryObjectStore } from '#platform/objects/memory/memory-object-store.ts';
import type { ObjectStore } from '#platform/objects/object-store.ts';
import { createLog } from '#platform/process/log.ts';

interface Grant extends Partial<ServiceKey> {
  actions: readonly Action[];
}

/** Who a token speaks for here. */
const grants: Record<string, Grant> = {
  admin: { actions: ['admin'] },
  everything: { actions: ['admin', 'ingest', 'read'] },
  reader: { actions: ['read'] },
  'acme-reader': { actions: ['read'], organization: 'acme' },
  emitter: { actions: ['ingest'] },
  'shop-emitter': { actions: ['ingest'], organization: 'acme', project: 'shop' },
};

const identity: LineageIdentity = {
  async identify(headers) {
    const token = /^Bearer (.+)$/.exec(headers.get('authorization') ?? '')?.[1] ?? '';
    const grant = Object.hasOwn(grants, token) ? grants[token] : undefined;
    if (grant === undefined) throw new Problem('authentication_required');
    return callerWith(token, grant);
  },
};

function callerWith(subject: string, { actions, ...scope }: Grant): LineageCaller {
  const names = ['organization', 'project', 'service'] as const;
  return {
    subject,
    may: (action, where) =>
      actions.includes(action) &&
      names.every((name) => scope[name] === undefined || where[name] === undefined || scope[name] === where[name]),
  };
}

export interface LineageApp {
  url: string;
  /** One line for each act, in order. */
  acts: LineageAct[];
  objects: ObjectStore;
  /** The server's clock; a test may move it. */
  time: { now: string };
  call(
    method: string,
    path: string,
    given?: { token?: string; body?: string | Uint8Array<ArrayBuffer>; headers?: Record<string, string> },
  ): Promise<Response>;
  close(): Promise<void>;
}

export interface LineageAppDeps extends LineageDeps {
  objects: ObjectStore;
  prefix: string;
}

/** Routes of lineage on a listener of their own, on objects in memory. */
export async function startLineageApp(
  routesOf: (deps: LineageAppDeps) => Route[],
  objects: ObjectStore = new MemoryObjectStore(),
): Promise<LineageApp> {
  const acts: LineageAct[] = [];
  const time = { now: '2026-01-02T03:04:05.678Z' };
  const routes = routesOf({
    objects,
    prefix: 'strict',
    store: new ObjectRunStore(objects, 'strict'),
    identity,
    limit: () => undefined,
    audit: (act) => acts.push(act),
    clock: () => Date.parse(time.now),
  });
  const log = createLog('silent');
  const listener = await listen({
    name: 'lineage',
    addresses: [{ host: '127.0.0.1', port: 0 }],
    app: createApp(routes, {
      identifier: { identify: async () => undefined },
      limiter: () => undefined,
      home: nodeHome(log),
      log,
    }),
    peers: trustProxies([]),
    observer: () => undefined,
    log,
  });
  const url = `http://127.0.0.1:${listener.addresses[0]?.port}`;
  return {
    url,
    acts,
    objects,
    time,
    call: async (method, path, { body, headers, token } = {}) =>
      await fetch(url + path, {
        method,
        headers: { ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }), ...headers },
        ...(body === undefined ? {} : { body }),
      }),
    close: () => listener.close(1000),
  };
}
