import { z } from 'zod';
import * as reply from '#http/reply.ts';
import { type Route, route } from '#http/route.ts';
import { type DescribedApi, describeApi, openApiDocument } from './openapi-document.ts';
import { referencePage } from './reference.pages.ts';
import { referenceStyle } from './reference.style.ts';

/** The API described by its own routes: a document for programs and a page for people. */
export function referenceRoutes(api: DescribedApi): Route[] {
  const routes: Route[] = [
    route({
      method: 'GET',
      path: '/openapi.json',
      summary: 'This API as an OpenAPI document',
      tag: 'Reference',
      access: 'anyone',
      limit: 'viewer_static',
      responses: { 200: { description: 'OpenAPI 3.1', json: z.looseObject({ openapi: z.literal('3.1.0') }) } },
      errors: [],
      handle: () => reply.text(200, document().json, 'application/json; charset=utf-8', shortCache),
    }),
    route({
      method: 'GET',
      path: '/reference',
      summary: 'This API as a page',
      tag: 'Reference',
      access: 'anyone',
      limit: 'viewer_static',
      responses: { 200: { description: 'The page', mediaType: 'text/html' } },
      errors: [],
      hidden: true,
      handle: () => reply.page(200, document().page, shortCache),
    }),
    route({
      method: 'GET',
      path: '/reference/style.css',
      summary: 'Style of the page',
      tag: 'Reference',
      access: 'anyone',
      limit: 'viewer_static',
      responses: { 200: { description: 'The style sheet', mediaType: 'text/css' } },
      errors: [],
      hidden: true,
      handle: () => reply.text(200, referenceStyle, 'text/css; charset=utf-8', shortCache),
    }),
  ];
  // Made when it is first asked for; the routes never change while the server runs.
  let made: { json: string; page: string } | undefined;
  const document = () => {
    if (made === undefined) {
      const description = describeApi({ ...api, routes: [...api.routes, ...routes] });
      made = { json: JSON.stringify(openApiDocument(description)), page: referencePage(description).toString() };
    }
    return made;
  };
  return routes;
}

/** The same for everybody, and new with every version of the server. */
const shortCache = { 'Cache-Control': 'public, max-age=300' };
