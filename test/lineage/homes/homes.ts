import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Miniflare } from 'miniflare';
import { lineageHealthRoutes } from '#features/lineage/health.routes.ts';
import { ingestRoutes } from '#features/lineage/ingest/ingest.routes.ts';
import { queryRoutes } from '#features/lineage/queries/queries.routes.ts';
import { ObjectRunStore } from '#features/lineage/stores/objects/object-run-store.ts';
import { createApp } from '#http/app.ts';
import { listen } from '#http/listener.ts';
import { nodeHome } from '#http/node-home.ts';
import { trustProxies } from '#http/peers.ts';
import type { ObjectStore } from '#platform/objects/object-store.ts';
import type { R2Bucket } from '#platform/objects/r2/r2-bucket.ts';
import { createLog } from '#platform/process/log.ts';
import { bundleWorker } from '../../../scripts/worker/bundle-worker.ts';
import { repository } from '../../support/server.ts';
import { identityFrom } from './token-identity.ts';

/** A text value of the configuration that is deployed. */
export function deployed(name: string): string {
  const file = join(repository, 'deploy/cloudflare/wrangler.toml');
  return new RegExp(`^${name} = "([^"]*)"$`, 'm').exec(readFileSync(file, 'utf8'))?.[1] ?? '';
}

export interface RunningHome {
  base: string;
  close(): Promise<void>;
}

export type Policy = 'reject' | 'noop';

/** The app on Node's server, as compose puts it together, on any store of objects. */
export async function nodeServer(objects: ObjectStore, collisionPolicy: Policy): Promise<RunningHome> {
  const log = createLog('silent');
  const deps = {
    store: new ObjectRunStore(objects, 'strict'),
    identity: identityFrom(),
    limit: () => undefined,
    audit: () => undefined,
    clock: Date.now,
  };
  const rules = { collisionPolicy, maxBodyBytes: 10 * 1024 * 1024 };
  const listener = await listen({
    name: 'lineage',
    addresses: [{ host: '127.0.0.1', port: 0 }],
    app: createApp([...lineageHealthRoutes(), ...ingestRoutes(deps, rules), ...queryRoutes(deps)], {
      identifier: { identify: async () => undefined },
      limiter: () => undefined,
      home: nodeHome(log),
      log,
    }),
    peers: trustProxies([]),
    observer: () => undefined,
    log,
  });
  return {
    base: `http://127.0.0.1:${listener.addresses[0]?.port}`,
    async close() {
      await listener.close(1_000);
      await objects.close();
    },
  };
}

export type OutsideBucket = R2Bucket & {
  list(options: { prefix: string; include: string[] }): Promise<{
    objects: { key: string; customMetadata?: Record<string, string> }[];
  }>;
};

export interface RunningWorker extends RunningHome {
  /** Runs its scheduled job; `ok` when that did not throw. */
  runJob(): Promise<string>;
  /** Its bucket, from outside. */
  bucket: OutsideBucket;
  /** What it wrote on its console. */
  lines: string[];
}

/** The bundle that is deployed, in workerd with an R2 bucket; with the test's own identity unless the variables say who may. */
export async function workerd(vars: Record<string, string>): Promise<RunningWorker> {
  const own = 'STRICTURE_SERVER_AUTH_MODE' in vars ? undefined : 'test/lineage/homes/token-identity.ts';
  const { code } = await bundleWorker(own);
  const lines: string[] = [];
  const runtime = new Miniflare({
    modules: true,
    script: code,
    r2Buckets: ['RECORDS'],
    bindings: vars,
    compatibilityDate: deployed('compatibility_date'),
    host: '127.0.0.1',
    port: 0,
    cf: false,
    telemetry: { enabled: false },
    handleStructuredLogs: ({ message }: { message: string }) => void lines.push(message),
  });
  const url = await runtime.ready;
  // Types here are those of workers-types, which is not installed: these are what is used of them.
  const bucket = (await runtime.getR2Bucket('RECORDS')) as unknown as OutsideBucket;
  const runJob = async () => {
    const worker = (await runtime.getWorker()) as unknown as {
      scheduled(options: { cron: string }): Promise<{ outcome: string }>;
    };
    return (await worker.scheduled({ cron: '17 1 * * *' })).outcome;
  };
  return { base: url.origin, runJob, bucket, lines, close: () => runtime.dispose() };
}
