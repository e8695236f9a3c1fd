import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Problem } from '#kit/errors.ts';
import { threadModule } from '#platform/process/thread-module.ts';
import type { ListingAnswer } from './multistatus.thread.ts';
import { type DavResource, readMultistatus } from './multistatus.ts';

/** Characters that are read at once, without a thread: some milliseconds. */
const shortListing = 64 * 1024;
/** Many times what the longest listing takes. Milliseconds. */
const patienceMs = 60_000;

/** A long listing takes seconds to read, which nobody else waits for: a thread of its own does it. Throws connection_failed. */
export async function readListing(xml: string): Promise<DavResource[]> {
  if (xml.length <= shortListing) return readMultistatus(xml);
  const thread = new Worker(threadModule(import.meta.url, 'multistatus.thread'), {
    workerData: xml,
    name: 'webdav-listing',
    resourceLimits: { maxOldGenerationSizeMb: 512 },
  });
  try {
    const [answer] = await once(thread, 'message', { signal: AbortSignal.timeout(patienceMs) });
    const { resources } = answer as ListingAnswer; // all that the thread says
    if (resources === undefined) throw new Problem('connection_failed');
    return resources;
  } catch (cause) {
    throw cause instanceof Problem ? cause : new Problem('connection_failed', { cause });
  } finally {
    await thread.terminate();
  }
}
