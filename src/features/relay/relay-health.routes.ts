import * as reply from '#http/reply.ts';
import { type Route, route } from '#http/route.ts';
import type { StagingPressure } from './staging/relay-staging.ts';

export interface RelayReadiness {
  /** False from the moment shutdown begins. */
  accepting: () => boolean;
  /** Whatever counts requests and denials. */
  counters: () => Promise<'ok' | 'unavailable'>;
  staging: () => Promise<StagingPressure>;
}

/** Anyone may ask, so that is all it says: no address, no number, no name. */
export function relayHealthRoutes(readiness: RelayReadiness): Route[] {
  const operations = { tag: 'Operations', access: 'anyone', errors: [], hidden: true } as const;
  return [
    route({
      ...operations,
      method: 'GET',
      path: '/health/live',
      summary: 'Is the process running',
      responses: { 200: { description: 'It is' } },
      handle: () => reply.json(200, { status: 'ok' }),
    }),
    route({
      ...operations,
      method: 'GET',
      path: '/health/ready',
      summary: 'Can it take uploads',
      responses: { 200: { description: 'It can' }, 503: { description: 'It cannot; says for which reason' } },
      handle: async () => {
        const [counters, staging] = await Promise.all([
          readiness.counters().catch(() => 'unavailable' as const),
          readiness.staging().catch(() => 'unavailable' as const),
        ]);
        const able = counters === 'ok' && (staging === 'ok' || staging === 'pressure');
        const ready = readiness.accepting() && able;
        return reply.json(ready ? 200 : 503, {
          status: ready ? 'ready' : readiness.accepting() ? 'not_ready' : 'shutting_down',
          checks: { uploads: able ? 'ok' : 'unavailable', core_forwarding: 'configured', staging },
        });
      },
    }),
  ];
}
