import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { streamHeaders } from '#http/reply.ts';
import type { HttpContext } from '#http/route.ts';
import { writeWithBackPressure } from '#http/write-stream.ts';
import type { Bundle } from './build-bundle.ts';
import { zip } from './zip-writer.ts';

/** Sends the archive as it is made. A chunk that is not what its row says breaks the transfer short of its Content-Length. */
export async function sendBundle(c: HttpContext, bundle: Bundle): Promise<Response> {
  const { outgoing } = c.env;
  outgoing.writeHead(
    200,
    streamHeaders({
      'Content-Type': 'application/zip',
      'Content-Length': String(bundle.byteSize),
      'Content-Disposition': `attachment; filename="${bundle.filename}"`,
    }),
  );
  // HEAD asks what there is: nothing need be read from the store for that.
  if (c.env.incoming.method !== 'HEAD') await writeWithBackPressure(outgoing, zip(bundle.entries, bundle.modifiedAt));
  outgoing.end();
  return RESPONSE_ALREADY_SENT;
}
