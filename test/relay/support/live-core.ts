import { randomBytes } from 'node:crypto';
import { newId } from '#kit/ids.ts';
import { type CoreAnswer, type CoreCall, type CoreDouble, isPreflight, startCoreDouble } from './core-double.ts';

export interface StreamName {
  incidentId: string;
  streamId: string;
}

interface Claim {
  token: string;
  incident_id: string;
  stream_id: string;
}

/** A core whose answers about readers and chunks a test decides, also when they come. */
export class LiveCore {
  readonly double: CoreDouble;
  readonly capabilities = new Map<string, StreamName & { expiresAt: string }>();
  /** Instead of an answer about readers. */
  readersFail: CoreAnswer | undefined;
  /** How often it was asked about readers, and about how many at most. */
  asked = 0;
  mostAtOnce = 0;
  readonly #waiting = new Map<number, PromiseWithResolvers<CoreAnswer | undefined>>();

  private constructor(double: CoreDouble) {
    this.double = double;
    double.answer = (call) => this.#answer(call);
  }

  static async start(): Promise<LiveCore> {
    return new LiveCore(await startCoreDouble());
  }

  capability(name: StreamName, lastsMs = 600_000): string {
    const token = randomBytes(32).toString('base64url');
    this.capabilities.set(token, { ...name, expiresAt: new Date(Date.now() + lastsMs).toISOString() });
    return token;
  }

  /** The next PUT of this index gets no answer before `decide`. */
  hold(chunkIndex: number): void {
    this.#waiting.set(chunkIndex, Promise.withResolvers());
  }

  decide(chunkIndex: number, answer: 'accept' | CoreAnswer): void {
    this.#waiting.get(chunkIndex)?.resolve(answer === 'accept' ? undefined : answer);
  }

  close(): void {
    this.double.close();
  }

  #answer(call: CoreCall): CoreAnswer | undefined | Promise<CoreAnswer | undefined> {
    if (call.path.endsWith('/fanout-authorisations')) return this.readersFail ?? this.#authorise(call);
    if (isPreflight(call)) return { status: 200, body: { max_bytes: 250_000_000, fanout: true } };
    const index = Number(call.path.split('/').at(-1));
    const waiting = this.#waiting.get(index);
    return waiting?.promise.finally(() => this.#waiting.delete(index));
  }

  #authorise({ body }: CoreCall): CoreAnswer {
    const { readers } = JSON.parse(body.toString()) as { readers: Claim[] }; // the relay wrote it
    this.asked++;
    this.mostAtOnce = Math.max(this.mostAtOnce, readers.length);
    const answers = readers.map(({ token, incident_id, stream_id }) => {
      const known = this.capabilities.get(token);
      const isGood =
        known?.incidentId === incident_id && known.streamId === stream_id && Date.parse(known.expiresAt) > Date.now();
      return isGood ? { granted: true, expires_at: known.expiresAt, variant_role: 'live_preview' } : { granted: false };
    });
    return { status: 200, body: { readers: answers } };
  }
}

export function newStream(): StreamName {
  return { incidentId: newId('inc'), streamId: newId('str') };
}
