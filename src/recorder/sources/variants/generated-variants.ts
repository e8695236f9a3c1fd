import { setTimeout as wait } from 'node:timers/promises';
import { timestamp } from '#kit/time.ts';
import type { MediaVariant } from '../../capture/variants.ts';
import { type GeneratedSpec, generatedBytes } from '../generated.ts';
import type { VariantSource } from './variant-source.ts';

/** What share of the full size a variant has, and what makes its bytes its own. */
const traits: Readonly<Record<MediaVariant, { share: number; seed: number }>> = {
  live_preview: { share: 1 / 8, seed: 1000 },
  audio_priority: { share: 1 / 32, seed: 2000 },
  evidence_master: { share: 1, seed: 0 },
};

/** Made-up bytes in every variant, the same every time: for trying out a server, and for tests. */
export function generatedVariants(spec: GeneratedSpec, variants: readonly MediaVariant[]): VariantSource {
  return {
    live: false,
    async *parts({ staged, notBeforeMs, signal }) {
      let from = Math.max(Date.now(), notBeforeMs);
      for (let sequence = Math.min(...variants.map(staged)) + 1; sequence <= spec.segments; sequence++) {
        if (signal.aborted) return;
        // Aborted while waiting: the moment was not over, and there is nothing in it yet.
        if (spec.everyMs > 0 && (await wait(spec.everyMs, false, { signal }).catch(() => true))) return;
        const to = Math.max(Date.now(), from + 1);
        for (const variant of variants)
          if (sequence > staged(variant))
            yield {
              variant,
              sequence,
              startedAt: timestamp(from),
              endedAt: timestamp(to),
              bytes: generatedPart(spec, variant, sequence),
            };
        from = to;
      }
    },
  };
}

export function generatedPart(spec: GeneratedSpec, variant: MediaVariant, sequence: number): Uint8Array<ArrayBuffer> {
  const { share, seed } = traits[variant];
  return generatedBytes(spec.seed + seed, sequence, Math.ceil(spec.segmentBytes * share));
}
