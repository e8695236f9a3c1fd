import type { WindowEntry } from './chunk-window.ts';
import { type EndReason, heartbeatFrame } from './event-frames.ts';
import type { FanoutConfig } from './fanout.config.ts';
import type { Fanout, FanoutEntry, OfferedChunk } from './fanout.ts';
import type { LiveReader } from './live-reader.ts';
import { LiveStream } from './live-stream.ts';

const heartbeatMs = 15_000;
const notShown: FanoutEntry = { confirmed: () => undefined, rejected: () => undefined, failed: () => undefined };

export interface StreamName {
  incidentId: string;
  streamId: string;
}

/** All windows of this relay. What they hold is staged, so uploads that need the room get it. */
export class LiveStreams implements Fanout {
  readonly #config: FanoutConfig;
  readonly #clock: () => number;
  /** The one that was quiet for longest comes first. */
  readonly #streams = new Map<string, LiveStream>();
  #heartbeatAtMs: number;
  #ended: EndReason | undefined;

  constructor(config: FanoutConfig, clock: () => number = Date.now) {
    this.#config = config;
    this.#clock = clock;
    this.#heartbeatAtMs = clock() + heartbeatMs;
  }

  get usage(): { streams: number; bytes: number; readers: number } {
    const streams = [...this.#streams.values()];
    const sum = (of: (stream: LiveStream) => number) => streams.reduce((total, stream) => total + of(stream), 0);
    return {
      streams: streams.length,
      bytes: sum(({ window }) => window.bytes),
      readers: sum(({ readers }) => readers),
    };
  }

  offer(chunk: OfferedChunk): FanoutEntry {
    if (chunk.byteSize > this.#config.windowBytes) return notShown;
    const settle = this.#newest(chunk).window.offer(chunk, this.#clock());
    return {
      confirmed: () => settle('confirmed'),
      rejected: () => settle('rejected'),
      failed: () => settle('failed'),
    };
  }

  shed(bytes: number): void {
    let left = bytes;
    while (left > 0) {
      let oldest: { stream: LiveStream; entry: WindowEntry } | undefined;
      for (const stream of this.#streams.values()) {
        const entry = stream.window.oldestConfirmed();
        if (entry !== undefined && entry.offeredAtMs < (oldest?.entry.offeredAtMs ?? Number.POSITIVE_INFINITY))
          oldest = { stream, entry };
      }
      if (oldest === undefined) return;
      oldest.stream.window.giveUp(oldest.entry);
      left -= oldest.entry.chunk.byteSize;
    }
  }

  join(name: StreamName, reader: LiveReader, lastEventId: string | undefined): void {
    const key = keyOf(name);
    const stream = this.#streams.get(key) ?? this.#add(key);
    stream.join(reader, lastEventId);
    if (this.#ended !== undefined) reader.end(this.#ended);
  }

  leave(name: StreamName, reader: LiveReader): void {
    this.#streams.get(keyOf(name))?.leave(reader);
  }

  find(name: StreamName, chunkIndex: number, sha256Hex?: string): WindowEntry | undefined {
    return this.#streams.get(keyOf(name))?.window.find(chunkIndex, sha256Hex);
  }

  /** For a timer: ages, readers who fell behind, signs of life, streams that are over. */
  watch(): void {
    const now = this.#clock();
    const beat = now >= this.#heartbeatAtMs;
    if (beat) this.#heartbeatAtMs = now + heartbeatMs;
    for (const [key, stream] of this.#streams) {
      stream.watch(now, beat ? heartbeatFrame : undefined);
      if (stream.isIdle) this.#streams.delete(key);
    }
  }

  /** For good: who comes later hears it too. */
  end(reason: EndReason): void {
    this.#ended = reason;
    for (const stream of this.#streams.values()) stream.end(reason);
  }

  #newest(name: StreamName): LiveStream {
    const key = keyOf(name);
    const stream = this.#streams.get(key) ?? this.#add(key);
    this.#streams.delete(key);
    this.#streams.set(key, stream);
    // One that has nothing is about to have something.
    if (stream.window.bytes === 0) {
      const kept = [...this.#streams.values()].filter(({ window }) => window.bytes > 0);
      if (kept.length >= this.#config.maxStreams) kept[0]?.window.clear();
    }
    return stream;
  }

  #add(key: string): LiveStream {
    const { windowCount: count, windowBytes: bytes, windowAgeMs: ageMs } = this.#config;
    const stream = new LiveStream({ count, bytes, ageMs }, this.#clock);
    this.#streams.set(key, stream);
    return stream;
  }
}

function keyOf({ incidentId, streamId }: StreamName): string {
  return `${incidentId}/${streamId}`;
}
