import type { VariantName } from '../capture/variants.ts';
import { variantTraits } from '../capture/variants.ts';
import { showBytes, showDuration } from '../measures.ts';

/** How far one variant is. Counts are moments, sizes bytes. */
export interface VariantProgress {
  readonly variant: VariantName;
  readonly staged: number;
  readonly stagedBytes: number;
  readonly accepted: number;
  readonly acceptedBytes: number;
  readonly dropped: number;
}

export interface CaptureProgress {
  readonly variants: readonly VariantProgress[];
  readonly bytesPerSecond: number;
  /** More is recorded: then no time left is known. */
  readonly growing: boolean;
  readonly note: string | undefined;
}

/** A line for each variant and one for all of them, fitted to `columns`. */
export function captureLines({ variants, bytesPerSecond, growing, note }: CaptureProgress, columns: number): string[] {
  const digits = String(Math.max(...variants.map(({ staged }) => staged))).length;
  const rows = variants.map(({ variant, staged, stagedBytes, accepted, acceptedBytes, dropped }) => {
    const figures = [
      `${String(accepted).padStart(digits)} of ${String(staged).padStart(digits)}`,
      accepted === staged ? showBytes(stagedBytes) : `${showBytes(acceptedBytes)} of ${showBytes(stagedBytes)}`,
      ...(dropped > 0 ? [`${dropped} given up`] : []),
    ].join('  ');
    const width = Math.min(24, columns - 50);
    const filled = staged === 0 ? 0 : Math.round((accepted / staged) * width);
    const bar = width < 6 ? '' : `[${'#'.repeat(filled)}${'-'.repeat(width - filled)}]  `;
    return `${variantTraits[variant].shown.padEnd(7)}  ${bar}${figures}`;
  });
  const left = leftOf(variants);
  const time =
    !growing && left > 0 && bytesPerSecond > 0 ? [`${showDuration((left / bytesPerSecond) * 1000)} left`] : [];
  const last = [`${showBytes(bytesPerSecond)}/s`, ...time, ...(note === undefined ? [] : [note])].join('  ');
  return [...rows, last].map((line) => line.slice(0, Math.max(10, columns - 1)));
}

/** The same in one sentence, for where nobody sees a bar. */
export function captureSentence({ variants, bytesPerSecond }: CaptureProgress): string {
  const counts = variants.map(
    ({ variant, staged, accepted }) => `${variantTraits[variant].shown} ${accepted} of ${staged}`,
  );
  const left = leftOf(variants);
  const rest = left > 0 ? `${showBytes(left)} left` : 'nothing left';
  return `On the server: ${counts.join(', ')}; ${rest}, ${showBytes(bytesPerSecond)}/s`;
}

function leftOf(variants: readonly VariantProgress[]): number {
  return variants.reduce(
    // Sealed again for its real place, a chunk may have become a little shorter.
    (sum, { staged, accepted, stagedBytes, acceptedBytes }) =>
      sum + (accepted === staged ? 0 : stagedBytes - acceptedBytes),
    0,
  );
}
