import { html } from 'hono/html';
import type { Markup } from '#http/pages/moment.ts';
import type {
  BesideReason,
  ConfirmedChunk,
  Conflict,
  Resolution,
  SegmentEvidence,
  SourceRange,
} from '#kit/evidence/evidence.ts';
import { isContext } from '#kit/evidence/policy.ts';
import { evidenceName, rowLength, rowNote, stateNames } from '../assets/row-words.js';
import { rangeTimes } from './captures.pages.ts';

const conflictWords: Record<Conflict['kind'], string> = {
  segment_ranges: 'has two ranges under one name, also as',
  sequence_shared: 'has the same number as',
  sequence_order: 'is numbered against time with',
};

/** What contradicts or overlaps what, by segment. */
export class Troubles {
  readonly #bySegment = new Map<string, Markup[]>();

  constructor({ conflicts, overlaps }: Resolution) {
    for (const {
      kind,
      segmentIds: [a, b],
    } of conflicts)
      this.#note(a, b, conflictWords[kind]);
    for (const {
      segmentIds: [a, b],
    } of overlaps)
      this.#note(a, b, 'overlaps');
  }

  of(segmentId: string): readonly Markup[] {
    return this.#bySegment.get(segmentId) ?? [];
  }

  #note(a: string, b: string, words: string): void {
    for (const [one, other] of [
      [a, b],
      [b, a],
    ] as const) {
      const text = html`It ${words} <code>${other}</code>.`;
      this.#bySegment.set(one, [...(this.#bySegment.get(one) ?? []), text]);
    }
  }
}

const besideWords: Record<BesideReason, string> = {
  equal_rank: 'of equal rank',
  would_lose_media: 'choosing it would lose picture or sound',
  would_lose_context: 'choosing it would lose sealed context',
};

const masterWords = {
  present: 'Full recording: confirmed for all of it',
  partial: 'Full recording: confirmed for a part of it',
  missing: 'Full recording: missing',
};
const contextWords = {
  present: 'Sealed context: confirmed',
  shared: 'Sealed context: shared with another part',
  missing: 'Sealed context: missing',
};

function nameOf({ mediaType, role, quality }: ConfirmedChunk): string {
  return evidenceName({ media_type: mediaType, variant_role: role, quality_profile: quality });
}

export function segmentItem(segment: SegmentEvidence, troubles: readonly Markup[], since?: string): Markup {
  const { chosen, superseded, beside } = segment;
  const state = isContext(chosen) ? 'context_only' : chosen.role === 'evidence_master' ? 'best' : 'fallback';
  const basis =
    segment.basis === 'exact_segment'
      ? 'its own part'
      : html`the longer part of segment <code>${chosen.segmentId}</code>`;
  return html`<li data-evidence="${isContext(chosen) ? 'context' : state}">
    ${when(segment, since)}
    <p class="chip">${isContext(chosen) ? 'Sealed context' : stateNames[state]}</p>
    <p class="note">Segment <code>${segment.segmentId}</code>, number ${segment.sequence}. Chosen: ${nameOf(chosen)}; ${basis}.</p>
    ${isContext(chosen) ? '' : html`<p class="note">${state === 'best' ? '' : `${masterWords[segment.master]}. `}${contextWords[segment.context]}.</p>`}
    ${superseded.length === 0 ? '' : html`<p class="note">Kept behind it: ${superseded.map(nameOf).join('; ')}.</p>`}
    ${beside.length === 0 ? '' : html`<p class="note">Kept beside it: ${beside.map(({ chunk, why }) => `${nameOf(chunk)} (${besideWords[why]})`).join('; ')}.</p>`}
    ${troubles.map((text) => html`<p class="note trouble">${text}</p>`)}
  </li>`;
}

export function gapItem(gap: SourceRange, open: boolean, since?: string): Markup {
  return html`<li data-evidence="missing">
    ${when(gap, since)}
    <p class="chip">${stateNames.missing}</p>
    <p class="note">${rowNote({ state: 'missing', ...json(gap) }, { open, hasContext: false })}</p>
  </li>`;
}

const json = ({ startedAt, endedAt }: SourceRange) => ({ source_started_at: startedAt, source_ended_at: endedAt });

function when(range: SourceRange, since?: string): Markup {
  const length = rowLength(json(range));
  return html`<p class="when">${rangeTimes(range.startedAt, range.endedAt, since)} <span class="length">${length}</span></p>`;
}
