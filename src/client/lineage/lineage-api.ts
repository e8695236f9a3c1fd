import { ProoflineNetworkError } from '../api/api-error.ts';
import { type CallOptions, pathOf, Transport, type TransportOptions } from '../api/transport.ts';
import { type Reader, read } from '../shape.ts';
import { persist } from '../upload/persist.ts';
import * as wire from './lineage-wire.ts';
import { type Patience, patient } from './patience.ts';
import { checkRecord, type ReceivedRecord } from './received-record.ts';
import { replay } from './replay.ts';
import { textLines } from './text-lines.ts';

export interface RunRange {
  /** A day, or an RFC 3339 time; both ends belong to the range. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

export interface RunsWanted extends RunRange {
  readonly commit?: string | undefined;
}

export interface ChangesWanted extends RunRange {
  readonly impact?: Exclude<wire.Impact, 'none'> | undefined;
}

/**
 * The routes about runs. Every call is safe to repeat and is repeated while the server is away, with growing waits, until it is given
 * up. Throws ProoflineApiError when the server refused, ProoflineNetworkError when no usable answer came, the signal's reason when the
 * caller gave up.
 */
export class LineageApi {
  readonly #transport: Transport;
  readonly #patience: Patience;
  readonly #idleMs: number;

  constructor(options: TransportOptions & { readonly patience?: Patience }) {
    this.#transport = new Transport(options);
    this.#patience = options.patience ?? {};
    this.#idleMs = options.timeoutMs ?? 30_000;
  }

  useToken(token: string | undefined): void {
    this.#transport.useToken(token);
  }

  url(path: string): string {
    return this.#transport.url(path);
  }

  /** Posts one envelope as it is. It must name its `run_id`: only then is the second of two that arrived a replay of the first. */
  async push(envelope: Uint8Array<ArrayBuffer>, options: CallOptions = {}): Promise<wire.AcceptedRun> {
    const headers = { 'content-type': 'application/json' };
    return await this.#persist(options, async () => {
      const call = { ...options, method: 'POST', path: '/v1/artifacts', body: envelope, headers } as const;
      return (await this.#transport.json(wire.acceptedRun, call)).value;
    });
  }

  async latest(service: wire.ServiceName, options: CallOptions = {}): Promise<ReceivedRecord> {
    return await this.#record(`${servicePath(service)}/latest`, options);
  }

  async run(service: wire.ServiceName, runId: string, options: CallOptions = {}): Promise<ReceivedRecord> {
    return await this.#record(`${servicePath(service)}${pathOf('runs', runId)}`, options);
  }

  /** Newest first, page after page as they are asked for. */
  async *runs(
    service: wire.ServiceName,
    wanted: RunsWanted = {},
    options: CallOptions & { readonly pageSize?: number } = {},
  ): AsyncGenerator<wire.RunLine> {
    const path = `${servicePath(service)}/runs`;
    for await (const page of this.#pages(wire.runPage, path, { ...wanted, limit: options.pageSize ?? 500 }, options))
      yield* page.runs;
  }

  /** The changes of each run, oldest first. A stream that breaks off is taken up again behind the last run that came. */
  diffs(service: wire.ServiceName, range: RunRange = {}, options: CallOptions = {}): AsyncGenerator<wire.RunChanges> {
    const idleMs = options.timeoutMs ?? this.#idleMs;
    const lines = async function* (transport: Transport, from: string | undefined) {
      const path = withQuery(`${servicePath(service)}/diffs`, { ...range, from });
      const answer = await transport.download({ ...options, method: 'GET', path });
      if (answer.body === null) throw new ProoflineNetworkError('answer', 'The answer has no body.');
      for await (const line of textLines(answer.body, idleMs)) yield parsed(wire.runChanges, line);
    };
    const persisted = <T>(act: () => Promise<T>) => this.#persist(options, act);
    return replay((from) => lines(this.#transport, from), range.from, persisted);
  }

  /** Newest first, page after page as they are asked for. */
  async *changes(
    { organization, project, service }: wire.ServiceName,
    wanted: ChangesWanted = {},
    options: CallOptions = {},
  ): AsyncGenerator<wire.RunChanges> {
    const path = `/v1/changes${pathOf(organization, project, service)}`;
    for await (const page of this.#pages(wire.changesPage, path, { ...wanted }, options)) yield* page.changes;
  }

  /** The services that the caller may read, in order of their names. */
  async *services(options: CallOptions = {}): AsyncGenerator<wire.ServiceLine> {
    for await (const page of this.#pages(wire.servicePage, '/v1/lineage', { limit: 500 }, options))
      yield* page.services;
  }

  async #record(path: string, options: CallOptions): Promise<ReceivedRecord> {
    return await this.#persist(options, async () => {
      const { answer, bytes } = await this.#transport.bytes({ ...options, method: 'GET', path });
      return await checkRecord(bytes, answer, path);
    });
  }

  async *#pages<T extends { readonly next_cursor?: string }>(
    reader: Reader<T>,
    path: string,
    query: Query,
    options: CallOptions,
  ): AsyncGenerator<T> {
    let cursor: string | undefined;
    do {
      const call = { ...options, method: 'GET', path: withQuery(path, { ...query, cursor }) } as const;
      const page = (await this.#persist(options, () => this.#transport.json(reader, call))).value;
      yield page;
      cursor = page.next_cursor;
    } while (cursor !== undefined);
  }

  async #persist<T>(options: CallOptions, act: () => Promise<T>): Promise<T> {
    return await persist(act, patient(this.#patience, options.signal));
  }
}

type Query = Readonly<Record<string, string | number | undefined>>;

export function servicePath({ organization, project, service }: wire.ServiceName): string {
  return `/v1/lineage${pathOf(organization, project, service)}`;
}

function withQuery(path: string, query: Query): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value));
  return given.size === 0 ? path : `${path}?${given}`;
}

function parsed<T>(reader: Reader<T>, line: string): T {
  try {
    const result = read(reader, JSON.parse(line));
    if ('value' in result) return result.value;
  } catch (cause) {
    throw new ProoflineNetworkError('answer', 'A line of the answer is not JSON.', { cause });
  }
  throw new ProoflineNetworkError('answer', 'A line of the answer is not what the contract says.');
}
