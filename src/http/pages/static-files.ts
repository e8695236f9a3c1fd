import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Problem } from '#kit/errors.ts';
import * as reply from '../reply.ts';
import { type Route, route } from '../route.ts';

export interface StaticFiles {
  routes: Route[];
  /** The address of a file, with the hash of the whole set in it: it may be kept for ever. Throws for a name that is not in the set. */
  href(name: string): string;
}

const mediaTypes: Record<string, string> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml; charset=utf-8',
};

const forEver = 'public, max-age=31536000, immutable';

/**
 * A few small files for pages, read once at start. Where a name has several sources they are joined in order. One hash stands for the
 * whole set, as a folder, so that scripts import one another by relative names.
 */
export function staticFiles(prefix: string, sources: Record<string, readonly URL[]>): StaticFiles {
  const files = new Map(
    Object.entries(sources).map(([name, parts]) => [name, asSiblings(parts.map((part) => readFileSync(part, 'utf8')))]),
  );
  const hash = createHash('sha256');
  for (const [name, content] of files) hash.update(`${name}\0${content}\0`);
  const version = hash.digest('base64url').slice(0, 12);
  return {
    href: (name) => {
      if (!files.has(name)) throw new Error(`no static file ${name}`);
      return `${prefix}/${version}/${name}`;
    },
    routes: [
      route({
        method: 'GET',
        path: `${prefix}/:version/:name`,
        summary: 'A style, script or icon of the pages',
        tag: 'Pages',
        access: 'anyone',
        limit: 'viewer_static',
        responses: { 200: { description: 'The file' } },
        errors: ['not_found'],
        hidden: true,
        handle: ({ param }) => {
          const name = param('name');
          const content = files.get(name);
          const mediaType = mediaTypes[name.split('.').at(-1) ?? ''];
          if (content === undefined || mediaType === undefined) throw new Problem('not_found');
          // Another version asks while nodes are being replaced: it gets what there is, but must not keep it.
          return reply.text(200, content, mediaType, {
            'Cache-Control': param('version') === version ? forEver : 'no-store',
          });
        },
      }),
    ],
  };
}

/** On disk scripts lie in their slices; for the browser all of a set are in one folder. */
function asSiblings(parts: readonly string[]): string {
  return parts.join('\n').replaceAll(/(from ')\.\.?\/[^']*?([^/']+\.js')/g, '$1./$2');
}
