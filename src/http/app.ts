import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';
import { isProblem, Problem } from '#kit/errors.ts';
import { type Log, requestScope } from '#platform/process/log.ts';
import { bearerToken, type CallerIdentifier } from './caller.ts';
import type { RateLimiter } from './rate-limits.ts';
import { check, readJson } from './read-json.ts';
import { problem } from './reply.ts';
import type { HttpContext, Route } from './route.ts';

export interface AppDeps {
  identifier: CallerIdentifier;
  limiter: RateLimiter;
  log: Log;
}

export type App = Hono<{ Bindings: HttpBindings }>;

/** Mounts the routes: limit, identify, parse, then the route's own handler; every error becomes its answer in one place. */
export function createApp(routes: readonly Route[], deps: AppDeps): App {
  const app: App = new Hono({ strict: true });
  const methods = new Map<string, Set<string>>();
  for (const route of routes) {
    app.on(route.method, route.path, (c) =>
      answer(route, c, deps).catch((error) => answerError(error, c, deps.log, route.refusal)),
    );
    methods.set(route.path, (methods.get(route.path) ?? new Set()).add(route.method));
  }
  for (const [path, allowed] of methods) {
    app.all(path, () => problem(new Problem('method_not_allowed'), { Allow: [...allowed].join(', ') }));
  }
  app.notFound(() => problem(new Problem('not_found')));
  app.onError((error, c) => answerError(error, c, deps.log));
  return app;
}

async function answer(route: Route, c: HttpContext, deps: AppDeps): Promise<Response> {
  const scope = requestScope.getStore();
  if (scope !== undefined) scope.route = route.path;
  if (route.limit !== undefined) await deps.limiter(route.limit, scope?.peer ?? '');
  const caller =
    route.access === 'anyone'
      ? undefined
      : await deps.identifier.identify(bearerToken(c.env.incoming.headers.authorization));
  if (route.access !== 'anyone' && caller === undefined) throw new Problem('authentication_required');
  if (route.access === 'admin' && caller?.role !== 'admin') throw new Problem('forbidden');
  const query = route.query === undefined ? undefined : check(route.query, c.req.query());
  const json =
    route.json === undefined ? undefined : await readJson(c.env.incoming, route.json, route.jsonOptional === true);
  return await route.handle({ c, caller, json, query, param: (name) => pathWord(c.req.param(name)) });
}

/** A word of the path names something or nothing. No name has a NUL, and a database would refuse the question instead of finding none. */
function pathWord(given: string | undefined): string {
  return (given ?? '').replaceAll('\0', '\ufffd');
}

function answerError(
  error: unknown,
  c: HttpContext,
  log: Log,
  say: NonNullable<Route['refusal']> = problem,
): Response | Promise<Response> {
  const { incoming, outgoing } = c.env;
  // Too late for another answer, or nobody left to hear it: what was being sent is broken off instead of ended well.
  if (outgoing.headersSent || incoming.socket.destroyed) {
    if (!outgoing.writableEnded) outgoing.destroy();
    const brokenByUs = !isProblem(error) ? !incoming.socket.destroyed : error.kind === 'corrupt';
    if (brokenByUs) log.error({ err: error, ...(isProblem(error) ? { code: error.code } : {}) }, 'response broken off');
    return RESPONSE_ALREADY_SENT;
  }
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
