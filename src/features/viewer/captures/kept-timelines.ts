import type { Timeline } from './timeline-data.ts';

interface Kept {
  revision: number;
  timeline: Promise<Timeline>;
  /** Milliseconds; undefined while it is being made. */
  done?: { at: number; took: number };
}

/** Groups whose timeline is kept in memory: some kilobytes each. */
const mostKept = 64;
/** While parts arrive every second, no more than a tenth of a core is spent on one group, however many look at it. */
const restFactor = 9;

/**
 * Timelines of capture groups, made once for all who look. Rows of a group are only ever added, so that their number is its revision.
 * A timeline may be older than asked for, for some time; it says how many chunks it knows.
 */
export class KeptTimelines {
  readonly #kept = new Map<string, Kept>();
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  async of(groupId: string, revision: number, make: () => Promise<Timeline>): Promise<Timeline> {
    const known = this.#kept.get(groupId);
    if (known !== undefined && (known.revision === revision || this.#rests(known))) return await known.timeline;
    const began = this.#now();
    const kept: Kept = { revision, timeline: make() };
    // Last in order again, so that the first is the one that was made longest ago.
    this.#kept.delete(groupId);
    this.#kept.set(groupId, kept);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > mostKept && oldest !== undefined) this.#kept.delete(oldest);
    try {
      const timeline = await kept.timeline;
      kept.done = { at: this.#now(), took: this.#now() - began };
      return timeline;
    } catch (error) {
      if (this.#kept.get(groupId) === kept) this.#kept.delete(groupId);
      throw error;
    }
  }

  #rests({ done }: Kept): boolean {
    return done === undefined || this.#now() - done.at < done.took * restFactor;
  }
}
