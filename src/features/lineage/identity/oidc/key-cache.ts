import { Problem } from '#kit/errors.ts';
import type { Clock } from '#kit/time.ts';
import { discoverKeys, fetchKeys, type Keys } from './fetch-keys.ts';
import type { Issuer } from './issuer.ts';

/** All in milliseconds. */
export interface KeyPatience {
  /** Keys of this age are fetched again. */
  readonly fresh: number;
  /** While that fails, they are used until this age. */
  readonly stale: number;
  /** After an answer, an unknown key asks again after this time at the earliest: once for all callers. */
  readonly between: number;
  /** After a failure. */
  readonly retry: number;
  /** For discovery and keys together. */
  readonly timeout: number;
}

export const keyPatience: KeyPatience = {
  fresh: 600_000,
  stale: 14_400_000,
  between: 30_000,
  retry: 5_000,
  timeout: 5_000,
};

export interface KeyCacheOptions {
  readonly clock: Clock;
  readonly patience?: KeyPatience;
  /** Of a fetch that failed, whether or not there are keys that still serve. */
  readonly onFailure: (reason: string) => void;
}

type Source = Pick<Issuer, 'issuer' | 'jwksUrl'>;

/** The keys of one issuer, for this process or isolate. No flood of tokens makes it ask more often than its patience says. */
export class KeyCache {
  readonly #source: Source;
  readonly #options: KeyCacheOptions;
  readonly #patience: KeyPatience;
  #jwksUrl: string | undefined;
  #kept: { readonly keys: Keys; readonly at: number } | undefined;
  #attempt: { readonly at: number; readonly done: Promise<void> } | undefined;
  #underWay = false;
  /** Why the last attempt came to nothing. */
  #failure: unknown;

  constructor(source: Source, options: KeyCacheOptions) {
    this.#source = source;
    this.#options = options;
    this.#patience = options.patience ?? keyPatience;
    this.#jwksUrl = source.jwksUrl;
  }

  /** The keys among which that of a token would be. Throws identity_unavailable where nobody can know. */
  async keysFor(kid: string | undefined): Promise<Keys> {
    const knows = () => kid === undefined || this.#kept?.keys.has(kid) === true;
    if (this.#younger(this.#patience.fresh) === undefined || !knows()) await this.#refresh();
    const keys = this.#younger(this.#patience.stale);
    // Where the last attempt failed, a key that is unknown here may be a new one.
    if (keys !== undefined && (knows() || this.#failure === undefined)) return keys;
    throw new Problem('identity_unavailable', {
      retryAfterSeconds: Math.ceil(this.#patience.retry / 1000),
      cause: this.#failure,
    });
  }

  #younger(age: number): Keys | undefined {
    return this.#kept !== undefined && isWithin(this.#options.clock(), this.#kept.at, age)
      ? this.#kept.keys
      : undefined;
  }

  /** Joins the attempt that is under way, or makes one if it is time for it. Does not throw. */
  async #refresh(): Promise<void> {
    const now = this.#options.clock();
    const { between, retry, timeout } = this.#patience;
    const pause = this.#underWay ? 2 * timeout : this.#failure === undefined ? between : retry;
    if (this.#attempt === undefined || !isWithin(now, this.#attempt.at, pause)) {
      this.#underWay = true;
      this.#attempt = { at: now, done: this.#fetch(now) };
    }
    // In a Worker the attempt ends unsaid with the request that began it, if that one's client goes away.
    if (this.#underWay) await settled(this.#attempt.done, timeout + 1000);
  }

  async #fetch(now: number): Promise<void> {
    try {
      const signal = AbortSignal.timeout(this.#patience.timeout);
      this.#jwksUrl ??= await discoverKeys(this.#source.issuer, signal);
      this.#kept = { keys: await fetchKeys(this.#jwksUrl, signal), at: now };
      this.#failure = undefined;
    } catch (error) {
      this.#failure = error;
      // They may have moved.
      this.#jwksUrl = this.#source.jwksUrl;
      this.#options.onFailure(error instanceof Error ? error.message : 'unknown');
    } finally {
      this.#underWay = false;
    }
  }
}

/** Also false where the clock was set back. */
function isWithin(now: number, then: number, span: number): boolean {
  return now >= then && now - then < span;
}

async function settled(promise: Promise<void>, ms: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([promise, late]);
  clearTimeout(timer);
}
