import { z } from 'zod';
import { jobJson, jobShape, jobsOfDocument } from '#features/jobs/index.ts';
import { decodeCursor, pageOf, pageQuery } from '#http/paging.ts';
import * as reply from '#http/reply.ts';
import { type Route, route } from '#http/route.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { documentFor } from '../access.ts';

export function documentJobRoutes({ metadata: { read } }: { metadata: Metadata }): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/documents/:document_id/jobs',
      summary: 'What is done with a document in the background',
      description: 'In the order in which it was put down. Jobs that are done are forgotten after a while.',
      tag: 'Documents',
      access: 'account',
      limit: 'document_read',
      query: pageQuery,
      responses: {
        200: {
          description: 'One page',
          json: z.object({ jobs: z.array(jobShape), next_cursor: z.string().optional() }),
        },
      },
      errors: ['document_not_found', 'invalid_cursor'],
      handle: async ({ caller, param, query }) => {
        const document = await documentFor(read, caller, param('document_id'), 'view');
        const { rows, ...next } = pageOf(
          await jobsOfDocument(read, document.id, query.limit + 1, decodeCursor(query.cursor)),
          query.limit,
        );
        return reply.json(200, { jobs: rows.map(jobJson), ...next });
      },
    }),
  ];
}
