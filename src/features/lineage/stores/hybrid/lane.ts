import type { ServiceKey } from '../../record/names.ts';
import { dayOf, type RunLine } from '../../record/run-line.ts';

export interface Lag {
  /** Runs that were accepted and are not yet on the other side. */
  pending: number;
  /** After a start, and when a manifest was written anew: it is still being found out how many are pending. */
  counting: boolean;
  /** When the oldest of them came. */
  oldestReceivedAt: string | undefined;
  /** Code of the last failure, until something succeeds. */
  lastError: string | undefined;
  /** Runs that this process could not copy, as the other side has something else or bytes are damaged. */
  refused: number;
}

export interface Pauses {
  firstPauseMs: number;
  longestPauseMs: number;
}

/** The copying of one service. */
export class Lane {
  readonly key: ServiceKey;
  readonly id: string;
  /** Days that have something to copy, or may have. */
  readonly days = new Set<string>();
  state: 'idle' | 'ready' | 'running' | 'paused' = 'idle';
  /** When its cursor was written, while it is running. Milliseconds. */
  savedAt = 0;
  /** The one that is being copied, or will be next. */
  head: RunLine | undefined;
  /** Runs, by day. */
  readonly pending = new Map<string, number>();
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(key: ServiceKey) {
    const { organization, project, service } = key;
    this.key = { organization, project, service };
    this.id = Lane.idOf(key);
  }

  static idOf({ organization, project, service }: ServiceKey): string {
    return `${organization}/${project}/${service}`;
  }

  /** Days are copied one after the other. */
  firstDay(): string | undefined {
    return [...this.days].sort()[0];
  }

  count(line: RunLine): void {
    this.head ??= line;
    this.#add(line, 1);
  }

  copied(line: RunLine): void {
    this.#failures = 0;
    this.#add(line, -1);
  }

  /** Everything that is known to be there has been copied. */
  finished(): void {
    this.head = undefined;
    this.pending.clear();
  }

  /** Twice as long after each failure, and half of it by chance, so that not all services come back in the same moment. */
  pause({ firstPauseMs, longestPauseMs }: Pauses, over: () => void): void {
    const most = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    this.state = 'paused';
    const wake = () => {
      this.state = 'idle';
      over();
    };
    this.#timer = setTimeout(wake, most * (0.5 + Math.random() / 2)).unref();
  }

  cancelPause(): void {
    clearTimeout(this.#timer);
  }

  #add(line: RunLine, runs: number): void {
    const day = dayOf(line);
    this.pending.set(day, Math.max(0, (this.pending.get(day) ?? 0) + runs));
  }
}

export function lagOf(lanes: Iterable<Lane>): Pick<Lag, 'pending' | 'oldestReceivedAt'> {
  let pending = 0;
  let oldestReceivedAt: string | undefined;
  for (const lane of lanes) {
    for (const runs of lane.pending.values()) pending += runs;
    const at = lane.head?.received_at;
    if (at !== undefined && (oldestReceivedAt === undefined || at < oldestReceivedAt)) oldestReceivedAt = at;
  }
  return { pending, oldestReceivedAt };
}
