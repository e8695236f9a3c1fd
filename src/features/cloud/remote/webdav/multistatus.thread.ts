import { parentPort, workerData } from 'node:worker_threads';
import { type DavResource, readMultistatus } from './multistatus.ts';

/** What the thread answers, once. */
export type ListingAnswer = { resources: DavResource[] } | { resources: undefined };

// The one starter is read-listing.ts, which passes the text.
const text = workerData as string;

function answer(): ListingAnswer {
  try {
    return { resources: readMultistatus(text) };
  } catch {
    return { resources: undefined };
  }
}

parentPort?.postMessage(answer());
