import {
  compactPastDays,
  identitySettings,
  type LineageDeps,
  type LineageIdentity,
  lineageIdentity,
  lineageRoutes,
  lineageSettings,
  ObjectRunStore,
} from '#features/lineage/portable/index.ts';
import { type App, createApp } from '#http/app.ts';
import { problem } from '#http/reply.ts';
import { type WorkerHome, workerHome } from '#http/worker-home.ts';
import { Problem } from '#kit/errors.ts';
import { newId } from '#kit/ids.ts';
import { timestamp } from '#kit/time.ts';
import type { R2Bucket } from '#platform/objects/r2/r2-bucket.ts';
import { R2ObjectStore } from '#platform/objects/r2/r2-object-store.ts';
import type { Setting, Settings, ValuesOf } from '#platform/process/setting.ts';
import { type WorkerLog, workerLog } from './worker-log.ts';

/** Variables and secrets have the names of the environment variables. */
export type WorkerEnvironment = { readonly RECORDS: R2Bucket } & Readonly<Record<string, unknown>>;

/** Throws when what is set does not say who may do what. */
export type IdentityFactory = (env: WorkerEnvironment, log: WorkerLog) => LineageIdentity;

export interface LineageWorker {
  fetch(request: Request, env: WorkerEnvironment): Promise<Response>;
  /** Gathers the manifests of days that are over. */
  scheduled(event: unknown, env: WorkerEnvironment): Promise<void>;
}

/** A Worker may make only so many requests a job; removing an entry is one. */
const entriesAJob = 500;

/** Lineage on Cloudflare: records in R2, nothing else kept anywhere. */
export function lineageWorker(identityOf: IdentityFactory = configuredIdentity): LineageWorker {
  const log = workerLog();
  let home: WorkerSetup | undefined;
  // Once for an isolate, whose environment never changes.
  const setUp = (env: WorkerEnvironment) => {
    home ??= createSetup(env, identityOf, log);
    return home;
  };
  return {
    async fetch(request, env) {
      const id = newId('req');
      const startedAt = Date.now();
      const answer = await answered(request, env, setUp, log);
      const response = new Response(answer.response.body, answer.response);
      response.headers.set('X-Request-Id', id);
      const { method } = request;
      const { status } = response;
      log.info({ request_id: id, method, route: answer.route, status, ms: Date.now() - startedAt }, 'request');
      return response;
    },
    async scheduled(_, env) {
      const { objects, prefix } = setUp(env);
      const today = timestamp(Date.now()).slice(0, 10);
      log.info({ ...(await compactPastDays(objects, prefix, { today, enough: entriesAJob })) }, 'manifests gathered');
    },
  };
}

interface WorkerSetup {
  app: App;
  home: WorkerHome;
  objects: R2ObjectStore;
  prefix: string;
}

function createSetup(env: WorkerEnvironment, identityOf: IdentityFactory, log: WorkerLog): WorkerSetup {
  const prefix = settingOf(lineageSettings.prefix, env);
  const objects = new R2ObjectStore(env.RECORDS);
  const deps: LineageDeps = {
    store: new ObjectRunStore(objects, prefix),
    identity: identityOf(env, log),
    // The edge's own rules count before a Worker is started.
    limit: () => undefined,
    audit: (act) => log.info({ ...act }, 'audit'),
    clock: Date.now,
  };
  const routes = lineageRoutes({
    deps,
    catalog: objects,
    prefix,
    rules: {
      collisionPolicy: settingOf(lineageSettings.collisionPolicy, env),
      maxBodyBytes: settingOf(lineageSettings.maxBodyBytes, env),
      maxBatchEvents: settingOf(lineageSettings.maxBatchEvents, env),
      organization: settingOf(lineageSettings.defaultOrganization, env),
    },
    secure: true,
  });
  const home = workerHome();
  const app = createApp(routes, {
    // No route here asks for a session.
    identifier: { identify: async () => undefined },
    limiter: () => undefined,
    home,
    log,
  });
  return { app, home, objects, prefix };
}

async function answered(
  request: Request,
  env: WorkerEnvironment,
  setUp: (env: WorkerEnvironment) => WorkerSetup,
  log: WorkerLog,
): Promise<{ response: Response; route: string }> {
  try {
    const { app, home } = setUp(env);
    const response = await app.fetch(request);
    return { response, route: home.factsOf(request).route || 'none' };
  } catch (error) {
    log.error({ err: error }, 'the Worker cannot serve as it is configured');
    return { response: problem(new Problem('internal_error')), route: 'none' };
  }
}

/** As the variables say. The platform ends TLS. */
function configuredIdentity(env: WorkerEnvironment, log: WorkerLog): LineageIdentity {
  return lineageIdentity({
    config: settingsOf(identitySettings, env),
    exposure: { addresses: [], behindProxy: true },
    clock: Date.now,
    report: (report) => log.warn({ ...report }, 'a token was not accepted, or its keys could not be had'),
  });
}

function settingsOf<S extends Settings>(settings: S, env: WorkerEnvironment): ValuesOf<S> {
  const values = Object.entries(settings).map(([name, setting]) => [name, settingOf(setting, env)]);
  return Object.fromEntries(values) as ValuesOf<S>; // each parsed by the setting that gives it its type
}

/** Throws naming the variable, never its value. */
function settingOf<T>(setting: Setting<T>, env: WorkerEnvironment): T {
  const given = env[setting.env];
  const text = typeof given === 'string' && given !== '' ? given : setting.default;
  const value = text === undefined ? undefined : setting.parse(text);
  if (value === undefined) throw new Error(`${setting.env} must be ${setting.expected}`);
  return value;
}
