import { formatDuration } from '#kit/time.ts';

const units: Record<string, number> = {
  '': 1,
  B: 1,
  K: 1024,
  KB: 1000,
  KIB: 1024,
  M: 1024 ** 2,
  MB: 1e6,
  MIB: 1024 ** 2,
  G: 1024 ** 3,
  GB: 1e9,
  GIB: 1024 ** 3,
};

/** Parses `4096`, `256KiB`, `2.5MB` into whole bytes; undefined when it is none of these. */
export function parseBytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(text.trim());
  const unit = units[(match?.[2] ?? '').toUpperCase()];
  if (!match || unit === undefined) return undefined;
  const bytes = Math.round(Number(match[1]) * unit);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** `1.5 MB`: powers of ten, one decimal, for people. */
export function showBytes(bytes: number): string {
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  const steps = ['KB', 'MB', 'GB', 'TB'];
  let value = bytes / 1000;
  let step = 0;
  while (value >= 999.95 && step < steps.length - 1) {
    value /= 1000;
    step += 1;
  }
  return `${value.toFixed(1)} ${steps[step]}`;
}

/** `1m5s`, in whole seconds; under ten seconds with a tenth where `precise`. */
export function showDuration(ms: number, precise = false): string {
  if (precise && ms < 10_000) return `${(ms / 1000).toFixed(1)}s`;
  const seconds = Math.round(ms / 1000);
  return seconds === 0 ? '0s' : formatDuration(seconds * 1000);
}
