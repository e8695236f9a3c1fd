import { isProblem, Problem } from '#kit/errors.ts';
import type { EndReason } from './event-frames.ts';
import type { ReaderAuthority, ReaderClaim, ReaderGrant } from './reader-authority.ts';

/** From the start of one asking to the next: below a second, so that what was revoked has ended within one. */
const askEveryMs = 750;
/** How long a grant outlives the last answer of the core. */
const graceMs = 10_000;

/** For as long as something is being read under it. */
export interface ReaderRight {
  /** Called at most once, and not after `leave`. */
  onEnd(ended: (reason: EndReason) => void): void;
  leave(): void;
}

export interface RightsLog {
  error(fields: object, message: string): void;
}

interface Grant {
  readonly claim: ReaderClaim;
  answer: ReaderGrant;
  /** When the question was sent whose answer this is. */
  askedAtMs: number;
  readonly holders: Set<Holder>;
}

interface Holder {
  ended: (reason: EndReason) => void;
}

/** What the core grants to those who read along, asked before the first byte and again and again. Readers of one capability are one question. */
export class ReaderRights {
  readonly #authority: ReaderAuthority;
  readonly #clock: () => number;
  readonly #log: RightsLog;
  readonly #grants = new Map<string, Grant>();
  readonly #newcomers = new Map<string, PromiseWithResolvers<Grant> & { claim: ReaderClaim }>();
  #askingFirst = false;
  #askingAgain = false;
  #askedAgainAtMs = 0;

  constructor(authority: ReaderAuthority, log: RightsLog, clock: () => number = Date.now) {
    this.#authority = authority;
    this.#log = log;
    this.#clock = clock;
  }

  /** Throws relay_capability_invalid, relay_core_unavailable. */
  async enter(claim: ReaderClaim): Promise<ReaderRight> {
    const known = this.#grants.get(keyOf(claim));
    const fresh = known !== undefined && this.#clock() - known.askedAtMs <= askEveryMs && !this.#isPast(known);
    return this.#hold(fresh ? known : await this.#askFirst(claim));
  }

  /** For a timer that is several times as quick as the core is asked. */
  watch(): void {
    const now = this.#clock();
    for (const [key, grant] of this.#grants) {
      if (this.#isPast(grant)) this.#end(key, 'expired');
      else if (now - grant.askedAtMs > graceMs) this.#end(key, 'core_unavailable');
      else if (grant.holders.size === 0 && now - grant.askedAtMs > askEveryMs) this.#grants.delete(key);
    }
    if (!this.#askingAgain && now - this.#askedAgainAtMs >= askEveryMs && this.#grants.size > 0)
      void this.#askAgain(now);
  }

  #hold(grant: Grant): ReaderRight {
    const current = this.#grants.get(keyOf(grant.claim)) ?? grant;
    if (grant.askedAtMs > current.askedAtMs)
      Object.assign(current, { answer: grant.answer, askedAtMs: grant.askedAtMs });
    const holder: Holder = { ended: () => undefined };
    current.holders.add(holder);
    this.#grants.set(keyOf(grant.claim), current);
    return {
      onEnd: (ended) => {
        holder.ended = ended;
      },
      leave: () => current.holders.delete(holder),
    };
  }

  #askFirst(claim: ReaderClaim): Promise<Grant> {
    const key = keyOf(claim);
    const waiting = this.#newcomers.get(key) ?? { claim, ...Promise.withResolvers<Grant>() };
    this.#newcomers.set(key, waiting);
    if (!this.#askingFirst) void this.#admitNewcomers();
    return waiting.promise;
  }

  /** Who comes while the core is being asked is in the next question. */
  async #admitNewcomers(): Promise<void> {
    this.#askingFirst = true;
    // Those of the same turn of the loop go together.
    await Promise.resolve();
    while (this.#newcomers.size > 0) {
      const batch = [...this.#newcomers.values()];
      this.#newcomers.clear();
      const askedAtMs = this.#clock();
      try {
        const answers = await this.#authority.authorise(batch.map(({ claim }) => claim));
        for (const [i, { claim, resolve, reject }] of batch.entries()) {
          const answer = answers[i];
          if (answer?.granted === true) resolve({ claim, answer, askedAtMs, holders: new Set() });
          else reject(new Problem('relay_capability_invalid'));
        }
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#askingFirst = false;
  }

  async #askAgain(now: number): Promise<void> {
    this.#askingAgain = true;
    this.#askedAgainAtMs = now;
    const asked = [...this.#grants].filter(([, { holders }]) => holders.size > 0);
    try {
      const answers = asked.length === 0 ? [] : await this.#authority.authorise(asked.map(([, { claim }]) => claim));
      for (const [i, [key, grant]] of asked.entries()) {
        const answer = answers[i];
        if (answer?.granted === true) Object.assign(grant, { answer, askedAtMs: now });
        else this.#end(key, answer?.ended === true ? 'closed' : 'revoked');
      }
    } catch (error) {
      // Says nothing of the readers: the grace runs.
      if (!isProblem(error)) this.#log.error({ err: error }, 'readers could not be authorised again');
    } finally {
      this.#askingAgain = false;
    }
  }

  #end(key: string, reason: EndReason): void {
    const grant = this.#grants.get(key);
    this.#grants.delete(key);
    for (const { ended } of grant?.holders ?? []) ended(reason);
  }

  #isPast({ answer }: Grant): boolean {
    return answer.expiresAt !== undefined && Date.parse(answer.expiresAt) <= this.#clock();
  }
}

function keyOf({ token, incidentId, streamId }: ReaderClaim): string {
  return `${incidentId}/${streamId}/${token}`;
}
