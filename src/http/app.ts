import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { isProblem, Problem } from '#kit/errors.ts';
import { type BrowserIdentifier, bearerToken, type Caller, type CallerIdentifier } from './caller.ts';
import { check, maxJsonBytes, parseJson } from './check.ts';
import type { Home } from './home.ts';
import type { RateLimiter } from './rate-limits.ts';
import { problem } from './reply.ts';
import type { HttpContext, Route } from './route.ts';

export interface AppDeps {
  identifier: CallerIdentifier;
  /** For requests without an Authorization header. */
  browsers?: BrowserIdentifier;
  limiter: RateLimiter;
  home: Home;
  log: AppLog;
}

/** Part of what pino offers. */
export interface AppLog {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export type App = Hono<{ Bindings: HttpBindings }>;

/** Mounts the routes: limit, identify, parse, then the route's own handler; every error becomes its answer in one place. */
export function createApp(routes: readonly Route[], deps: AppDeps): App {
  const app: App = new Hono({ strict: true });
  const byPath = Map.groupBy(routes, ({ path }) => path);
  const mount = (path: string) => {
    // Hono asks the routes of GET for a HEAD; a path that has a record for it answers with that.
    const head = byPath.get(path)?.find(({ method }) => method === 'HEAD');
    for (const route of byPath.get(path) ?? []) {
      app.on(route.method, path, (c) => {
        const asked = c.req.method === 'HEAD' ? (head ?? route) : route;
        return answer(asked, c, deps).catch((error) => answerError(error, c, deps, asked.refusal));
      });
    }
  };
  const refuseOthers = (path: string) => {
    const allowed = (byPath.get(path) ?? []).map(({ method }) => method).join(', ');
    app.all(path, () => problem(new Problem('method_not_allowed'), { Allow: allowed }));
  };
  // A path in plain words is never taken for one with a parameter.
  const isPlain = (path: string) => !/[:*]/.test(path);
  const [plain, others] = [[...byPath.keys()].filter(isPlain), [...byPath.keys()].filter((path) => !isPlain(path))];
  for (const path of plain) {
    mount(path);
    refuseOthers(path);
  }
  others.forEach(mount);
  others.forEach(refuseOthers);
  app.notFound(() => problem(new Problem('not_found')));
  app.onError((error, c) => answerError(error, c, deps));
  return app;
}

async function answer(route: Route, c: HttpContext, deps: AppDeps): Promise<Response> {
  const { home } = deps;
  const request = home.request(c);
  request.route = route.path;
  if (route.limit !== undefined) await deps.limiter(route.limit, request.peer);
  const caller = route.access === 'anyone' ? undefined : await callerOf(c, deps);
  if (route.access !== 'anyone' && caller === undefined) throw new Problem('authentication_required');
  if (route.access === 'admin' && caller?.role !== 'admin') throw new Problem('forbidden');
  const query = route.query === undefined ? undefined : check(route.query, c.req.query());
  const body = (maxBytes: number) => home.readBody(c, maxBytes);
  const json =
    route.json === undefined ? undefined : parseJson(await body(maxJsonBytes), route.json, route.jsonOptional === true);
  return await route.handle({ c, caller, json, query, param: (name) => pathWord(c.req.param(name)), body });
}

async function callerOf(c: HttpContext, { home, identifier, browsers }: AppDeps): Promise<Caller | undefined> {
  const authorization = home.authorization(c);
  // A token that is no good is refused: the cookie of the same browser does not stand in for it.
  if (authorization === undefined && browsers !== undefined) return await browsers.identify(c);
  return await identifier.identify(bearerToken(authorization));
}

/** A word of the path names something or nothing. No name has a NUL, and a database would refuse the question instead of finding none. */
function pathWord(given: string | undefined): string {
  return (given ?? '').replaceAll('\0', '\ufffd');
}

function answerError(
  error: unknown,
  c: HttpContext,
  { home, log }: Pick<AppDeps, 'home' | 'log'>,
  say: NonNullable<Route['refusal']> = problem,
): Response | Promise<Response> {
  const broken = home.breakOff(c, error);
  if (broken !== undefined) return broken;
  if (isProblem(error)) {
    if (error.kind === 'corrupt' || error.kind === 'internal')
      log.error({ err: error, code: error.code }, 'request failed');
    else if (error.kind === 'unavailable' || error.kind === 'storage_full')
      log.warn({ code: error.code, err: error.cause }, 'request refused');
    return say(error, error.kind === 'unauthenticated' ? { 'WWW-Authenticate': 'Bearer' } : {});
  }
  log.error({ err: error }, 'request failed');
  return say(new Problem('internal_error'), {});
}
