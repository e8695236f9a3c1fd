import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PreflightTickets } from './preflight-tickets.ts';

test('a ticket is good once, for its time, and as many are kept as may be', () => {
  let at = 0;
  const tickets = new PreflightTickets<number>({ lifeMs: 100, atOnce: 3, clock: () => at });
  const first = tickets.issue(1);
  assert.deepEqual([tickets.take('x'), tickets.take(first), tickets.take(first)], [undefined, 1, undefined]);
  const all = [2, 3, 4, 5].map((n) => tickets.issue(n));
  assert.deepEqual(
    all.map((word) => tickets.take(word)),
    [undefined, 3, 4, 5],
  );
  const old = tickets.issue(6);
  at = 100;
  assert.equal(tickets.take(old), undefined);
});
