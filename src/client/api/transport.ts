import { type Reader, read } from '../shape.ts';
import { errorFromAnswer, ProoflineNetworkError } from './api-error.ts';

export type Fetch = (input: string, init: RequestInit) => Promise<Response>;

export interface TransportOptions {
  /** Where the server is, as `https://evidence.example`; a path in it is kept. */
  readonly baseUrl: string;
  /** A session token; the transport keeps it in memory only. */
  readonly token?: string;
  /** Replaces the platform's fetch, for tests and for a bad network made on purpose. */
  readonly fetch?: Fetch;
  /** Longest wait for a whole answer, in milliseconds; for a download, until its first byte. Default 30 000. */
  readonly timeoutMs?: number;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

export interface Call extends CallOptions {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Beginning with a slash; parts that came from outside are encoded by `pathOf`. */
  readonly path: string;
  readonly json?: Readonly<Record<string, unknown>> | undefined;
  readonly body?: Uint8Array<ArrayBuffer> | FormData | Blob;
  readonly headers?: Readonly<Record<string, string>>;
  /** Viewer routes carry their own token in the path and must not see the session's. */
  readonly anonymous?: boolean;
}

/** Joins path parts, encoding each, so that an id with a slash in it cannot reach another route. */
export function pathOf(...parts: readonly (string | number)[]): string {
  return parts.map((part) => `/${encodeURIComponent(part)}`).join('');
}

export class Transport {
  readonly #base: string;
  readonly #fetch: Fetch;
  readonly #timeoutMs: number;
  #token: string | undefined;

  constructor(options: TransportOptions) {
    const url = new URL(options.baseUrl);
    if (url.protocol !== 'http:' && url.protocol !== 'https:')
      throw new TypeError('The server address must begin with http:// or https://.');
    this.#base = `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init));
    this.#timeoutMs = options.timeoutMs ?? 30_000;
    this.#token = options.token;
  }

  useToken(token: string | undefined): void {
    this.#token = token;
  }

  get hasToken(): boolean {
    return this.#token !== undefined;
  }

  url(path: string): string {
    return this.#base + path;
  }

  /** Sends, and reads a JSON answer by `reader`. Throws ProoflineApiError, ProoflineNetworkError, or the signal's reason. */
  async json<T>(reader: Reader<T>, call: Call): Promise<{ value: T; answer: Response }> {
    return this.#send(call, async (answer) => {
      const result = read(reader, JSON.parse(await answer.text()));
      if ('value' in result) return { value: result.value, answer };
      throw new ProoflineNetworkError(
        'answer',
        `The server's answer is not what the contract says: ${result.problems.slice(0, 3).join('; ')}.`,
      );
    });
  }

  /** Sends, and waits for the whole answer without using it. */
  async nothing(call: Call): Promise<void> {
    await this.#send(call, (answer) => answer.arrayBuffer());
  }

  /** Sends, and reads the whole answer, within the time limit. */
  async bytes(call: Call): Promise<{ bytes: Uint8Array<ArrayBuffer>; answer: Response }> {
    return this.#send(call, async (answer) => ({ bytes: new Uint8Array(await answer.arrayBuffer()), answer }));
  }

  /** Sends, and hands the answer over once its head is there: its body is the caller's to read, without a time limit. */
  async download(call: Call): Promise<Response> {
    return this.#send(call, async (answer) => answer);
  }

  async #send<T>(call: Call, finish: (answer: Response) => Promise<T>): Promise<T> {
    call.signal?.throwIfAborted();
    const clock = new AbortController();
    const timer = setTimeout(() => clock.abort(), call.timeoutMs ?? this.#timeoutMs);
    try {
      const answer = await this.#fetch(this.url(call.path), this.#init(call, clock.signal));
      if (!answer.ok) throw await errorFromAnswer(answer);
      return await finish(answer);
    } catch (error) {
      call.signal?.throwIfAborted();
      throw clock.signal.aborted
        ? new ProoflineNetworkError('timeout', 'No answer came in time.', { cause: error })
        : asFailure(error);
    } finally {
      clearTimeout(timer);
    }
  }

  #init(call: Call, timeout: AbortSignal): RequestInit {
    const headers = new Headers(call.headers);
    if (!call.anonymous && this.#token !== undefined) headers.set('authorization', `Bearer ${this.#token}`);
    if (call.json !== undefined) headers.set('content-type', 'application/json');
    const body = call.json === undefined ? call.body : JSON.stringify(call.json);
    return {
      method: call.method,
      headers,
      // A redirect would carry the session token to an address that nobody chose.
      redirect: 'error',
      signal: call.signal ? AbortSignal.any([call.signal, timeout]) : timeout,
      ...(body === undefined ? {} : { body }),
    };
  }
}

function asFailure(error: unknown): unknown {
  if (error instanceof SyntaxError)
    return new ProoflineNetworkError('answer', 'The server answered with something that is not JSON.', {
      cause: error,
    });
  if (!(error instanceof TypeError) && !(error instanceof DOMException)) return error;
  return new ProoflineNetworkError('connection', 'The server could not be reached, or the connection was cut.', {
    cause: error,
  });
}
