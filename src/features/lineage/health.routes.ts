import { z } from 'zod';
import { json } from '#http/reply.ts';
import { type Route, route } from '#http/route.ts';

/** What else there is to say, for operators: no names, no secrets, as anyone may ask. */
export type HealthDetails = () => Promise<Record<string, unknown>>;

export function lineageHealthRoutes(details?: HealthDetails): Route[] {
  return [
    route({
      method: 'GET',
      path: '/healthz',
      summary: 'Is lineage being served',
      description:
        'Asks no storage, so that it may be asked as often as a balancer likes. `?verbose` says more where there is more.',
      tag: 'Operations',
      access: 'anyone',
      responses: { 200: { description: 'It is', json: z.object({ status: z.literal('ok') }) } },
      errors: [],
      handle: async ({ c }) => {
        const more = c.req.query('verbose') === undefined ? undefined : await details?.();
        return json(200, { status: 'ok', ...more });
      },
    }),
  ];
}
