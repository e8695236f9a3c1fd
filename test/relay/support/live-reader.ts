import { get, type IncomingMessage } from 'node:http';
import type { StreamName } from './live-core.ts';

export interface Heard {
  event: string;
  data: Record<string, unknown>;
  id: string | undefined;
  /** performance.now() when its last byte was here. */
  at: number;
}

export const livePath = ({ incidentId, streamId }: StreamName) =>
  `/relay/v1/incidents/${incidentId}/streams/${streamId}/live`;

/** Reads events off a connection, without anything of our own client library in between. */
export class RawReader {
  readonly heard: Heard[] = [];
  status = 0;
  headers: IncomingMessage['headers'] = {};
  /** performance.now() when the connection was over. */
  overAt: number | undefined;
  /** The last id that was sent, with or without an event. */
  lastId: string | undefined;
  #incoming: IncomingMessage | undefined;
  #rest = '';
  readonly #wake = new Set<() => void>();

  static open(url: string, name: StreamName, token: string, headers: Record<string, string> = {}): Promise<RawReader> {
    const reader = new RawReader();
    return new Promise((resolve, reject) => {
      const request = get(url + livePath(name), {
        agent: false,
        headers: { authorization: `Bearer ${token}`, ...headers },
      });
      request.once('error', reject);
      request.once('response', (incoming) => {
        request.off('error', reject).on('error', () => undefined);
        reader.#take(incoming);
        resolve(reader);
      });
    });
  }

  #take(incoming: IncomingMessage): void {
    this.#incoming = incoming;
    this.status = incoming.statusCode ?? 0;
    this.headers = incoming.headers;
    incoming.setEncoding('utf8');
    incoming.on('data', (text: string) => {
      this.#rest += text;
      const blocks = this.#rest.split('\n\n');
      this.#rest = blocks.pop() ?? '';
      for (const block of blocks) this.#read(block);
      this.#changed();
    });
    incoming.on('error', () => undefined);
    incoming.once('close', () => {
      this.overAt = performance.now();
      this.#changed();
    });
  }

  #read(block: string): void {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
    this.lastId = field('id') ?? this.lastId;
    const event = field('event');
    if (event === undefined) return;
    this.heard.push({ event, data: JSON.parse(field('data') ?? '{}'), id: field('id'), at: performance.now() });
  }

  #changed(): void {
    for (const look of this.#wake) look();
  }

  /** When it is so. Throws what was heard, when it is not in time. */
  when(what: string, isSo: (reader: RawReader) => boolean, ms = 15_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (end: () => void) => {
        this.#wake.delete(look);
        clearTimeout(timer);
        end();
      };
      const look = () => {
        if (isSo(this)) done(resolve);
      };
      const timer = setTimeout(
        () => done(() => reject(new Error(`${what}: not within ${ms} ms; heard ${this.said().join(', ')}`))),
        ms,
      );
      this.#wake.add(look);
      look();
    });
  }

  /** `chunk 1 unconfirmed`, `state 1 confirmed`, `end revoked`: for comparing. */
  said(): string[] {
    return this.heard.map(({ event, data }) =>
      [event, data.chunk_index, data.state, data.reason].filter((word) => word !== undefined).join(' '),
    );
  }

  async hears(...said: string[]): Promise<void> {
    await this.when(`hears ${said.join(', ')}`, (reader) => said.every((one) => reader.said().includes(one)));
  }

  pause(): void {
    this.#incoming?.pause();
  }

  close(): void {
    this.#incoming?.destroy();
  }
}
