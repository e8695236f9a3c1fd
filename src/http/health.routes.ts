import type { Metrics } from '#platform/process/metrics.ts';
import * as reply from './reply.ts';
import { type Route, route } from './route.ts';

/** Says ok or what is wrong in one fixed word; never how. */
export type HealthCheck = () => Promise<string>;

export interface Readiness {
  checks: Readonly<Record<string, HealthCheck>>;
  /** False from the moment shutdown begins. */
  accepting: () => boolean;
}

const checkTimeoutMs = 3_000;

export function healthRoutes(readiness: Readiness, metrics: Metrics): Route[] {
  return [
    route({
      method: 'GET',
      path: '/admin/health/live',
      summary: 'Is the process running',
      tag: 'Operations',
      access: 'anyone',
      responses: { 200: { description: 'It is' } },
      errors: [],
      hidden: true,
      handle: () => reply.json(200, { status: 'ok' }),
    }),
    route({
      method: 'GET',
      path: '/admin/health/ready',
      summary: 'Can it take requests',
      tag: 'Operations',
      access: 'anyone',
      responses: { 200: { description: 'It can' }, 503: { description: 'It cannot; says which backend' } },
      errors: [],
      hidden: true,
      handle: async () => {
        const entries = await Promise.all(
          Object.entries(readiness.checks).map(async ([name, check]) => [name, await inTime(check)] as const),
        );
        const ready = readiness.accepting() && entries.every(([, state]) => state === 'ok');
        const status = ready ? 'ready' : readiness.accepting() ? 'not_ready' : 'shutting_down';
        return reply.json(ready ? 200 : 503, { status, checks: Object.fromEntries(entries) });
      },
    }),
    metricsRoute(metrics),
  ];
}

export function metricsRoute(metrics: Metrics): Route {
  return route({
    method: 'GET',
    path: '/metrics',
    summary: 'Metrics for Prometheus',
    tag: 'Operations',
    access: 'anyone',
    responses: { 200: { description: 'Text exposition format' } },
    errors: [],
    hidden: true,
    handle: async () =>
      reply.text(200, await metrics.registry.metrics(), metrics.registry.contentType, {
        'Cache-Control': 'no-store',
      }),
  });
}

async function inTime(check: HealthCheck): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('unavailable'), checkTimeoutMs);
  });
  try {
    return await Promise.race([check().catch(() => 'unavailable'), late]);
  } finally {
    clearTimeout(timer);
  }
}
