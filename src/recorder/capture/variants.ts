import type { Variant } from '#client/api/requests.ts';
import type { MediaType } from '#client/media-type.ts';

/** The streams of a capture, named by their role, in the order in which they are delivered. */
export const variantNames = ['live_preview', 'audio_priority', 'location_context', 'evidence_master'] as const;
export type VariantName = (typeof variantNames)[number];
export type MediaVariant = Exclude<VariantName, 'location_context'>;

interface VariantTraits {
  readonly quality: Variant['quality_profile'];
  readonly priority: Variant['upload_priority'];
  /** For people, in a line of figures. */
  readonly shown: string;
}

export const variantTraits: Readonly<Record<VariantName, VariantTraits>> = {
  live_preview: { quality: 'adaptive_low_latency', priority: 'near_live', shown: 'preview' },
  audio_priority: { quality: 'audio_priority', priority: 'near_live', shown: 'sound' },
  location_context: { quality: 'location_context', priority: 'preservation', shown: 'place' },
  evidence_master: { quality: 'full_quality', priority: 'background_queue', shown: 'master' },
};

/** What the pictures and the sound of a source are recorded as. */
export function mediaVariantsOf({ video, audio }: { video: boolean; audio: boolean }): readonly MediaVariant[] {
  return [
    ...(video ? (['live_preview'] as const) : []),
    ...(audio ? (['audio_priority'] as const) : []),
    'evidence_master' as const,
  ];
}

export function mediaTypeOfVariant(variant: VariantName, hasVideo: boolean): MediaType {
  if (variant === 'location_context') return 'location';
  return variant === 'audio_priority' || !hasVideo ? 'audio' : 'video';
}
