import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ChunkState, ChunkWindow, type WindowEvent } from '#features/relay/fanout/chunk-window.ts';
import { parametersOf } from '../model/runs.ts';

type Outcome = Exclude<ChunkState, 'unconfirmed'>;
type Step =
  | { do: 'offer'; index: number; bytes: 'a' | 'b'; size: number }
  | { do: 'settle'; which: number; outcome: Outcome }
  | { do: 'wait'; ms: number }
  | { do: 'shed' }
  | { do: 'clear' }
  | { do: 'leave' | 'return'; reader: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('offer' as const),
      index: fc.integer({ min: 1, max: 6 }),
      bytes: fc.constantFrom('a' as const, 'b' as const),
      size: fc.integer({ min: 1, max: 10 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      which: fc.nat(20),
      outcome: fc.constantFrom<Outcome[]>('confirmed', 'rejected', 'failed'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 1, arbitrary: fc.constantFrom<Step>({ do: 'shed' }, { do: 'clear' }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('leave' as const, 'return' as const), reader: fc.nat(2) }) },
);

const bounds = { count: 3, bytes: 10, ageMs: 50 };
const sizes: Record<string, number> = {};
const isWithdrawn = (state: ChunkState) => state === 'rejected' || state === 'failed';

/** As plainly as it can be said: every candidate that was ever offered, in a list, oldest showing first. */
interface Candidate {
  key: string;
  size: number;
  state: ChunkState;
  pending: number;
  shownAt: number;
  inWindow: boolean;
}

class Plain {
  candidates: Candidate[] = [];

  offer(key: string, size: number, now: number): void {
    const found = this.candidates.find((one) => one.key === key && (one.inWindow || one.pending > 0));
    const one = found ?? { key, size, state: 'unconfirmed', pending: 0, shownAt: now, inWindow: false };
    one.pending++;
    if (found?.inWindow && !isWithdrawn(found.state)) return;
    if (isWithdrawn(one.state)) one.state = 'unconfirmed';
    Object.assign(one, { shownAt: now, inWindow: true });
    this.candidates = [...this.candidates.filter((other) => other !== one), one];
    while (this.window().length > bounds.count || this.bytes() > bounds.bytes) this.drop(this.window()[0]);
  }

  settle(key: string, outcome: Outcome): void {
    const one = this.candidates.find((other) => other.key === key && other.pending > 0);
    assert.ok(one);
    one.pending--;
    if (one.state === 'unconfirmed' && (outcome === 'confirmed' || one.pending === 0)) one.state = outcome;
  }

  expire(now: number): void {
    for (const one of this.window()) if (now - one.shownAt >= bounds.ageMs) this.drop(one);
  }

  drop(one: Candidate | undefined): void {
    if (one !== undefined) one.inWindow = false;
  }

  window(): Candidate[] {
    return this.candidates.filter(({ inWindow }) => inWindow);
  }

  bytes(): number {
    return this.window().reduce((sum, { size, state }) => sum + (isWithdrawn(state) ? 0 : size), 0);
  }
}

/** What somebody knows who did nothing but listen. */
class Listener {
  view = new Map<string, ChunkState>();
  heard = 0;
  here = false;

  hear({ kind, sequence, entry }: WindowEvent): void {
    const key = keyOf(entry.chunk);
    // The end of one that had left the window before this reader came.
    if (kind === 'chunk' || this.view.has(key)) this.view.set(key, entry.state);
    assert.ok(sequence > this.heard, 'events go forward');
    this.heard = sequence;
  }

  arrive(window: ChunkWindow, last: number): void {
    const missed = this.heard === 0 ? undefined : window.since(this.heard);
    if (missed === undefined) {
      this.view.clear();
      this.heard = 0;
    }
    for (const event of missed ?? window.since(undefined) ?? []) this.hear(event);
    this.heard = last;
    this.here = true;
  }
}

const keyOf = ({ chunkIndex, sha256Hex }: { chunkIndex: number; sha256Hex: string }) => `${chunkIndex}:${sha256Hex}`;

function run(steps: readonly Step[]): void {
  const plain = new Plain();
  const listeners = [new Listener(), new Listener(), new Listener()];
  const open: { key: string; settle: (outcome: Outcome) => void }[] = [];
  const holds = new Map<string, number>();
  let now = 1_000;
  let last = 0;
  const window = new ChunkWindow(bounds, (event) => {
    assert.equal(event.sequence, last + 1);
    last = event.sequence;
    for (const listener of listeners) if (listener.here) listener.hear(event);
  });
  for (const one of steps) {
    switch (one.do) {
      case 'offer': {
        // The same bytes have the same size.
        const key = `${one.index}:${one.bytes}`;
        sizes[key] ??= one.size;
        const byteSize = sizes[key];
        const body = {
          byteSize,
          sha256Hex: one.bytes,
          open: () => assert.fail('a window reads nothing'),
          hold: () => holds.set(key, (holds.get(key) ?? 0) + 1),
          release: () => holds.set(key, (holds.get(key) ?? 0) - 1),
        };
        const settle = window.offer(
          {
            incidentId: '',
            streamId: '',
            chunkIndex: one.index,
            byteSize,
            sha256Hex: one.bytes,
            startedAt: '',
            endedAt: '',
            body,
          },
          now,
        );
        plain.offer(key, byteSize, now);
        open.push({ key, settle });
        assert.ok(window.find(one.index, one.bytes), 'what was just offered is there');
        break;
      }
      case 'settle': {
        const [taken] = open.splice(one.which % Math.max(1, open.length), 1);
        if (taken === undefined) break;
        plain.settle(taken.key, one.outcome);
        taken.settle(one.outcome);
        break;
      }
      case 'wait':
        now += one.ms;
        window.expire(now);
        plain.expire(now);
        break;
      case 'shed': {
        const entry = window.oldestConfirmed();
        const oldest = plain.window().find(({ state }) => state === 'confirmed');
        assert.equal(entry && keyOf(entry.chunk), oldest?.key);
        if (entry !== undefined) window.giveUp(entry);
        plain.drop(oldest);
        break;
      }
      case 'clear':
        window.clear();
        for (const each of plain.window()) plain.drop(each);
        break;
      case 'leave':
      case 'return': {
        const listener = listeners[one.reader];
        if (one.do === 'leave' && listener) listener.here = false;
        else if (listener?.here === false) listener.arrive(window, last);
      }
    }
    compare(window, plain, holds);
    for (const listener of listeners) if (listener.here) compareView(listener, plain);
  }
}

function compare(window: ChunkWindow, plain: Plain, holds: ReadonlyMap<string, number>): void {
  const expected = plain.window();
  const shown = (window.since(undefined) ?? []).map(({ entry }) => `${keyOf(entry.chunk)} ${entry.state}`);
  assert.deepEqual(shown.toSorted(), expected.map(({ key, state }) => `${key} ${state}`).toSorted());
  assert.equal(window.bytes, plain.bytes());
  const holding = new Set(expected.filter(({ state }) => !isWithdrawn(state)).map(({ key }) => key));
  for (const [key, count] of holds) assert.equal(count, holding.has(key) ? 1 : 0, `holds of ${key}`);
  assert.equal(window.isEmpty, !plain.candidates.some(({ inWindow, pending }) => inWindow || pending > 0));
}

/** Nothing in the window is unknown or differs; nothing that left it is still believed to be on its way when its end is known. */
function compareView({ view }: Listener, plain: Plain): void {
  for (const { key, state } of plain.window()) assert.equal(view.get(key), state, `in the window: ${key}`);
  for (const [key, state] of view) {
    const latest = plain.candidates.findLast((one) => one.key === key);
    assert.equal(state, latest?.state, `heard of: ${key}`);
  }
}

test('a window is what the plain model says, and whoever listens, leaves and returns knows the same', (t) => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60, size: 'max' }), (steps) => {
      for (const key of Object.keys(sizes)) delete sizes[key];
      run(steps);
    }),
    parametersOf(t, { runs: 3_000 }),
  );
});
