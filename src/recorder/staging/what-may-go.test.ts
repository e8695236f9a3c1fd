import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VariantName } from '../capture/variants.ts';
import { seededRandom } from '../network/random.ts';
import { type HeldChunk, whatMayGo } from './what-may-go.ts';

const held = (variant: VariantName, sequence: number, fate: HeldChunk['fate'], busy = false): HeldChunk => ({
  variant,
  sequence,
  fate,
  busy,
  index: sequence,
  isVideo: variant === 'live_preview' || variant === 'evidence_master',
});
const name = (chunk: HeldChunk | undefined) => chunk && `${chunk.variant} ${chunk.sequence}`;

/** What is given up, in order, until nothing may go. */
function allThatGoes(chunks: readonly HeldChunk[]): string[] {
  const going: string[] = [];
  let left = [...chunks];
  for (let next = whatMayGo(left); next !== undefined; next = whatMayGo(left)) {
    going.push(name(next) ?? '');
    left = left.map((chunk) => (chunk === next ? { ...chunk, fate: 'dropped' } : chunk));
  }
  return going;
}

test('what is confirmed in better quality goes first, then masters, then sound; of each the oldest moment first', () => {
  assert.deepEqual(
    allThatGoes([
      held('live_preview', 1, 'waiting'),
      held('audio_priority', 1, 'waiting'),
      held('evidence_master', 1, 'waiting'),
      held('location_context', 1, 'waiting'),
      held('live_preview', 2, 'accepted'),
      held('audio_priority', 2, 'waiting'),
      held('evidence_master', 2, 'waiting'),
      held('live_preview', 3, 'waiting'),
      held('evidence_master', 3, 'accepted'),
    ]),
    ['live_preview 3', 'evidence_master 2', 'audio_priority 2', 'evidence_master 1', 'audio_priority 1'],
  );
});

test('a master stays where only sound is left besides it, and so does what is on its way', () => {
  assert.equal(whatMayGo([held('evidence_master', 1, 'waiting'), held('audio_priority', 1, 'accepted')]), undefined);
  assert.equal(whatMayGo([held('evidence_master', 1, 'waiting', true), held('live_preview', 1, 'waiting')]), undefined);
});

test('what was just captured may be what goes', () => {
  const chunks = [held('live_preview', 1, 'waiting'), held('evidence_master', 1, 'new')];
  assert.equal(name(whatMayGo(chunks)), 'evidence_master 1');
});

test('whatever is given up, no moment is without evidence, none loses its pictures, and no context goes', () => {
  const random = seededRandom(7);
  const variants = ['live_preview', 'audio_priority', 'location_context', 'evidence_master'] as const;
  const fates = ['waiting', 'waiting', 'accepted', 'dropped'] as const;
  let went = 0;
  for (let round = 0; round < 2000; round++) {
    let chunks: HeldChunk[] = [1, 2, 3].flatMap((sequence) =>
      variants
        .filter(() => random() < 0.7)
        .map((variant) => held(variant, sequence, fates[Math.floor(random() * 4)] ?? 'waiting', random() < 0.1)),
    );
    const kept = (of: readonly HeldChunk[], sequence: number) =>
      of.filter((chunk) => chunk.sequence === sequence && chunk.fate !== 'dropped');
    const before = chunks;
    for (let next = whatMayGo(chunks); next !== undefined; next = whatMayGo(chunks)) {
      const gone = next;
      assert.ok(gone.fate === 'waiting' && !gone.busy && gone.variant !== 'location_context');
      chunks = chunks.map((chunk) => (chunk === gone ? { ...chunk, fate: 'dropped' } : chunk));
      went += 1;
    }
    for (const sequence of [1, 2, 3]) {
      const media = (of: readonly HeldChunk[]) =>
        kept(of, sequence).filter(({ variant }) => variant !== 'location_context');
      if (media(before).length > 0) assert.ok(media(chunks).length > 0, `round ${round}`);
      if (media(before).some(({ isVideo }) => isVideo)) assert.ok(media(chunks).some(({ isVideo }) => isVideo));
    }
  }
  assert.ok(went > 1000);
});
