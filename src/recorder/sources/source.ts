/** A piece of a recording. The pieces' bytes, joined in order, are the medium byte for byte. */
export interface Segment {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** RFC 3339 in UTC. */
  readonly startedAt: string;
  readonly endedAt: string;
  /** Where to go on after this piece; opaque to everyone but its source. Absent for what cannot be captured twice. */
  readonly cursor?: string;
}

export interface CaptureOptions {
  /** The cursor of the last piece that is safely staged, when a recording goes on after an interruption. */
  readonly after: string | undefined;
  /** Aborted to end the capture: what is captured by then still comes, then the pieces end. */
  readonly signal: AbortSignal;
}

/**
 * Something that can be captured. A piece must not be forgotten before the next one is asked for: the caller stages it in
 * between. Throws RecorderError when there is nothing to capture, or the capture breaks.
 */
export interface Source {
  readonly segments: (options: CaptureOptions) => AsyncIterable<Segment>;
  /** Bytes the whole will have, when that is known; for the progress line. */
  readonly expectedBytes?: number;
}
