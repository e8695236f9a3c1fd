import { createCipheriv, createHash } from 'node:crypto';

/** A seeded source of choices: the same seed makes the same run, as far as the machine's timing lets it. */
export interface Random {
  readonly seed: number;
  /** 0 ≤ n < 1. */
  fraction(): number;
  /** From a to b, both included. */
  between(a: number, b: number): number;
  pick<T>(from: readonly [T, ...T[]]): T;
  chance(probability: number): boolean;
}

/** Mulberry32. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (a: number, b: number) => a + Math.floor(fraction() * (b - a + 1));
  return {
    seed,
    fraction,
    between,
    pick: (from) => from[between(0, from.length - 1)] ?? from[0],
    chance: (probability) => fraction() < probability,
  };
}

/** Bytes that look random and can be made again from their name, so that a long run need not keep what it sent. */
export function bytesNamed(name: string, size: number): Buffer {
  const key = createHash('sha256').update(name).digest().subarray(0, 16);
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(size));
}

export function freshSeed(): number {
  return Math.floor(Math.random() * 2 ** 31);
}
