import { randomBytes } from 'node:crypto';

interface Ticket<Found> {
  readonly found: Found;
  readonly untilMs: number;
}

export interface TicketLimits {
  /** Milliseconds. */
  lifeMs?: number;
  atOnce?: number;
  clock?: () => number;
}

/**
 * What a preflight found, for the request that brings the body: asked and answered a moment before, it need not be asked again. A hint of
 * this process: a ticket that it does not know, another node's for one, costs the whole way and nothing else.
 */
export class PreflightTickets<Found> {
  readonly #tickets = new Map<string, Ticket<Found>>();
  readonly #lifeMs: number;
  readonly #atOnce: number;
  readonly #clock: () => number;

  constructor({ lifeMs = 60_000, atOnce = 10_000, clock = Date.now }: TicketLimits = {}) {
    this.#lifeMs = lifeMs;
    this.#atOnce = atOnce;
    this.#clock = clock;
  }

  /** A random word that whoever asked may show once. The oldest goes where there are too many. */
  issue(found: Found): string {
    this.#forget();
    const word = randomBytes(16).toString('base64url');
    this.#tickets.set(word, { found, untilMs: this.#clock() + this.#lifeMs });
    return word;
  }

  /** Once; undefined when it is unknown, used or too old. */
  take(word: string): Found | undefined {
    const ticket = this.#tickets.get(word);
    this.#tickets.delete(word);
    return ticket !== undefined && ticket.untilMs > this.#clock() ? ticket.found : undefined;
  }

  /** All live equally long, so the oldest are the first. */
  #forget(): void {
    const now = this.#clock();
    for (const [word, { untilMs }] of this.#tickets) {
      if (untilMs > now && this.#tickets.size < this.#atOnce) return;
      this.#tickets.delete(word);
    }
  }
}
