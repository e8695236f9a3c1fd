import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retryDelay } from './retry-delay.ts';

const pace = { retryDelayMs: 1_000, maxRetryDelayMs: 60_000 };

test('each attempt waits twice as long as the one before, up to the longest', () => {
  const longest = [1, 2, 3, 4, 5, 6, 7, 8, 100].map((attempts) => retryDelay(attempts, pace, 1));
  assert.deepEqual(longest, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
});

test('what failed together comes back spread over half of the time', () => {
  assert.deepEqual(
    [0, 0.5, 1].map((random) => retryDelay(3, pace, random)),
    [2_000, 3_000, 4_000],
  );
});
