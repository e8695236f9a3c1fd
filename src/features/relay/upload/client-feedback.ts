import { createHmac } from 'node:crypto';
import { Problem } from '#kit/errors.ts';
import type { Coordinator } from '#platform/coordination/coordinator.ts';
import type { Feedback } from '../core/core-verdict.ts';

export interface FeedbackLimits {
  denials: number;
  denialWindowMs: number;
  pressures: number;
  pressureWindowMs: number;
}

/** What the core said of a credential, remembered for as long as a window: who is refused again and again is not asked about any more. */
export class ClientFeedback {
  readonly #coordinator: Coordinator;
  readonly #secret: string;
  readonly #rules: Record<Exclude<Feedback, 'none'>, { limit: number; windowMs: number }>;

  constructor(coordinator: Coordinator, secret: string, limits: FeedbackLimits) {
    this.#coordinator = coordinator;
    this.#secret = secret;
    this.#rules = {
      denial: { limit: limits.denials, windowMs: limits.denialWindowMs },
      pressure: { limit: limits.pressures, windowMs: limits.pressureWindowMs },
    };
  }

  /** A credential as it is counted; nobody without the secret can tell whose it is. */
  nameOf(credential: string): string {
    return createHmac('sha256', this.#secret).update(credential).digest('base64url');
  }

  /** Throws rate_limited with Retry-After, or rate_limit_unavailable. */
  async assertWelcome(name: string): Promise<void> {
    const decisions = await Promise.all(
      (['denial', 'pressure'] as const).map((kind) => {
        const { limit, windowMs } = this.#rules[kind];
        return this.#coordinator.peek(`relay_${kind}:${name}`, limit, windowMs);
      }),
    );
    const waits = decisions.filter(({ allowed }) => !allowed).map(({ retryAfterMs }) => retryAfterMs);
    if (waits.length > 0)
      throw new Problem('rate_limited', { retryAfterSeconds: Math.max(1, Math.ceil(Math.max(...waits) / 1000)) });
  }

  /** Throws rate_limit_unavailable. */
  async note(name: string, feedback: Feedback): Promise<void> {
    if (feedback === 'none') return;
    const { limit, windowMs } = this.#rules[feedback];
    await this.#coordinator.count(`relay_${feedback}:${name}`, limit, windowMs);
  }
}
