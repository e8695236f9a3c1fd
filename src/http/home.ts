import type { HttpContext } from './route.ts';

/** Of the request at hand. */
export interface RequestFacts {
  /** Hashed; for rate limits. */
  readonly peer: string;
  /** The pattern, never the path: set once the router knows it. */
  route: string;
}

/** What the place that an app runs in does for it: Node's server, or a Worker. */
export interface Home {
  request(c: HttpContext): RequestFacts;
  authorization(c: HttpContext): string | undefined;
  /** The whole body. Throws request_too_large; who sent it gets to read that. */
  readBody(c: HttpContext, maxBytes: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Where it is too late for another answer, ends what was being sent; undefined while an answer is still possible. */
  breakOff(c: HttpContext, error: unknown): Response | undefined;
}
