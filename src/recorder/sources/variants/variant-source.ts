import type { MediaVariant } from '../../capture/variants.ts';
import type { FfmpegSpec } from '../ffmpeg.ts';
import type { GeneratedSpec } from '../generated.ts';

/** One variant of one moment. The parts of a variant, joined in order, are its medium byte for byte. */
export interface CapturePart {
  readonly variant: MediaVariant;
  /** The moment's number on the timeline, from 1; the same in every variant. */
  readonly sequence: number;
  /** RFC 3339 in UTC; the same in every variant, and the end is the start of the next moment. */
  readonly startedAt: string;
  readonly endedAt: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface VariantOptions {
  /** The last moment of each variant that is safely staged, 0 for none. */
  readonly staged: (variant: MediaVariant) => number;
  /** The end of the last moment that is known, in ms since the epoch: none may begin before it. */
  readonly notBeforeMs: number;
  /** Aborted to end the capture: what is captured by then still comes, then the parts end. */
  readonly signal: AbortSignal;
}

/** A source that is captured several times at once. The caller stages a part before it asks for the next. */
export interface VariantSource {
  readonly parts: (options: VariantOptions) => AsyncIterable<CapturePart>;
  /** What is not captured now is lost. */
  readonly live: boolean;
}

/** When what is captured happens: now, or in a past that can be read again. */
export type Timing =
  | { readonly kind: 'now' }
  | { readonly kind: 'past'; readonly startedAt: string; readonly lengthMs: number };

/** What a capture is of. Kept in the state folder as JSON, so that it can go on after an interruption. */
export interface CaptureSpec {
  readonly of: FfmpegSpec | GeneratedSpec;
  readonly variants: readonly MediaVariant[];
  readonly timing: Timing;
  /** A file of JSON lines, or `-`. */
  readonly context?: string;
}
