import type { OfferedChunk } from './fanout.ts';

export type ChunkState = 'unconfirmed' | 'confirmed' | 'rejected' | 'failed';

export interface WindowBounds {
  count: number;
  bytes: number;
  ageMs: number;
}

/** One candidate for a place in the stream. Two with different bytes may be on their way; the core confirms at most one. */
export interface WindowEntry {
  readonly chunk: OfferedChunk;
  readonly offeredAtMs: number;
  readonly state: ChunkState;
  /** The event that brought it, and the last one about it. */
  readonly offeredBy: number;
  readonly changedBy: number;
  /** Called where its bytes may not be sent any more, by whoever is sending them. */
  readonly cuts: Set<() => void>;
}

export interface WindowEvent {
  kind: 'chunk' | 'state';
  /** From 1, without gaps. */
  sequence: number;
  entry: WindowEntry;
}

interface Entry extends WindowEntry {
  chunk: OfferedChunk;
  offeredAtMs: number;
  state: ChunkState;
  offeredBy: number;
  changedBy: number;
  /** Uploads of these very bytes whose end is not known. */
  pending: number;
  inWindow: boolean;
}

/** What a reader who heard everything up to an event has missed; undefined where that is not known any more. */
export type Missed = readonly WindowEvent[] | undefined;

/** The newest chunks of one stream. Holds the bytes of those that are in it and were not withdrawn, and of no others. */
export class ChunkWindow {
  readonly #bounds: WindowBounds;
  readonly #publish: (event: WindowEvent) => void;
  /** Of the window, and those out of it whose end is not known. */
  readonly #known = new Map<string, Entry>();
  /** Oldest first. */
  readonly #window = new Set<Entry>();
  #bytes = 0;
  #sequence = 0;
  /** The last event about anything that is not in the window any more. */
  #forgotten = 0;

  constructor(bounds: WindowBounds, publish: (event: WindowEvent) => void) {
    this.#bounds = bounds;
    this.#publish = publish;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#known.size === 0;
  }

  /** Of a chunk that is not larger than the window. Returns what to call, once, with how it ended. */
  offer(chunk: OfferedChunk, nowMs: number): (outcome: Exclude<ChunkState, 'unconfirmed'>) => void {
    const key = `${chunk.chunkIndex}:${chunk.sha256Hex}`;
    const entry = this.#known.get(key) ?? this.#newEntry(key, chunk);
    entry.pending++;
    const visible = entry.inWindow && (entry.state === 'unconfirmed' || entry.state === 'confirmed');
    if (!visible) this.#show(entry, chunk, nowMs);
    this.#shrink();
    return (outcome) => this.#settle(key, entry, outcome);
  }

  /** Its bytes, while they are in the window: the confirmed candidate for the place, else the newest. */
  find(chunkIndex: number, sha256Hex?: string): WindowEntry | undefined {
    let found: Entry | undefined;
    for (const entry of this.#window) {
      if (entry.chunk.chunkIndex !== chunkIndex || (sha256Hex ?? entry.chunk.sha256Hex) !== entry.chunk.sha256Hex)
        continue;
      if (found === undefined || precedence(entry) >= precedence(found)) found = entry;
    }
    return found;
  }

  /** Everything in the window, or what of it changed after the event, in the order of events. */
  since(sequence: number | undefined): Missed {
    if (sequence !== undefined && (sequence < this.#forgotten || sequence > this.#sequence)) return undefined;
    const after = sequence ?? 0;
    return [...this.#window]
      .filter(({ changedBy }) => changedBy > after)
      .sort((a, b) => a.changedBy - b.changedBy)
      .map((entry) => ({
        kind: sequence !== undefined && entry.offeredBy <= sequence ? 'state' : 'chunk',
        sequence: entry.changedBy,
        entry,
      }));
  }

  expire(nowMs: number): void {
    for (const entry of this.#window) if (nowMs - entry.offeredAtMs >= this.#bounds.ageMs) this.#forget(entry);
  }

  /** What giving it up would make free: an upload still holds what is unconfirmed. */
  oldestConfirmed(): WindowEntry | undefined {
    return this.#window.values().find(({ state }) => state === 'confirmed');
  }

  /** Also where it is being sent. */
  giveUp(entry: WindowEntry): void {
    const own = this.#window.values().find((one) => one === entry);
    if (own === undefined) return;
    this.#forget(own);
    cut(own);
  }

  /** Whoever is sending something of it may finish. */
  clear(): void {
    for (const entry of this.#window) this.#forget(entry);
  }

  #newEntry(key: string, chunk: OfferedChunk): Entry {
    const entry: Entry = {
      chunk,
      offeredAtMs: 0,
      state: 'unconfirmed',
      offeredBy: 0,
      changedBy: 0,
      cuts: new Set(),
      pending: 0,
      inWindow: false,
    };
    this.#known.set(key, entry);
    return entry;
  }

  #show(entry: Entry, chunk: OfferedChunk, nowMs: number): void {
    chunk.body.hold();
    // One that was withdrawn goes behind the newest.
    this.#window.delete(entry);
    this.#window.add(entry);
    if (entry.state !== 'confirmed') entry.state = 'unconfirmed';
    Object.assign(entry, { chunk, offeredAtMs: nowMs, inWindow: true, offeredBy: this.#sequence + 1 });
    this.#bytes += chunk.byteSize;
    this.#tell('chunk', entry);
  }

  #settle(key: string, entry: Entry, outcome: Exclude<ChunkState, 'unconfirmed'>): void {
    entry.pending--;
    const over = outcome === 'confirmed' || entry.pending === 0;
    if (over && entry.state === 'unconfirmed') {
      entry.state = outcome;
      if (outcome !== 'confirmed') this.#withdraw(entry);
      this.#tell('state', entry);
      if (!entry.inWindow) this.#forgotten = entry.changedBy;
    }
    if (entry.pending === 0 && !entry.inWindow) this.#known.delete(key);
  }

  #withdraw(entry: Entry): void {
    if (entry.inWindow) this.#releaseBytes(entry);
    cut(entry);
  }

  #shrink(): void {
    for (const entry of this.#window) {
      if (this.#window.size <= this.#bounds.count && this.#bytes <= this.#bounds.bytes) return;
      this.#forget(entry);
    }
  }

  #forget(entry: Entry): void {
    this.#window.delete(entry);
    entry.inWindow = false;
    this.#forgotten = Math.max(this.#forgotten, entry.changedBy);
    if (entry.state === 'unconfirmed' || entry.state === 'confirmed') this.#releaseBytes(entry);
    if (entry.pending === 0) this.#known.delete(`${entry.chunk.chunkIndex}:${entry.chunk.sha256Hex}`);
  }

  #releaseBytes(entry: Entry): void {
    this.#bytes -= entry.chunk.byteSize;
    entry.chunk.body.release();
  }

  #tell(kind: WindowEvent['kind'], entry: Entry): void {
    entry.changedBy = ++this.#sequence;
    this.#publish({ kind, sequence: entry.changedBy, entry });
  }
}

function cut(entry: WindowEntry): void {
  for (const stop of entry.cuts) stop();
}

function precedence({ state }: WindowEntry): number {
  return { confirmed: 2, unconfirmed: 1, rejected: 0, failed: 0 }[state];
}
