import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import type { OutgoingGate } from './outgoing-gate.ts';

/** The connections of one user of the gate. Destroy them when it is done. */
export interface GuardedAgents {
  readonly http: http.Agent;
  readonly https: https.Agent;
  destroy(): void;
}

type Created = (error: Error | null, stream: Duplex) => void;

/** Neither takes a proxy from the environment: it would resolve names by itself. */
export function guardedAgents(gate: OutgoingGate, maxSockets = 4): GuardedAgents {
  const plain = new GuardedHttpAgent(gate, { keepAlive: true, maxSockets, lookup: gate.lookup(false) });
  const secure = new GuardedHttpsAgent(gate, {
    keepAlive: true,
    maxSockets,
    lookup: gate.lookup(true),
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
  });
  return {
    http: plain,
    https: secure,
    destroy: () => {
      plain.destroy();
      secure.destroy();
    },
  };
}

class GuardedHttpAgent extends http.Agent {
  readonly #gate: OutgoingGate;

  constructor(gate: OutgoingGate, options: http.AgentOptions) {
    super(options);
    this.#gate = gate;
  }

  override createConnection(options: http.ClientRequestArgs, callback?: Created) {
    const refusal = this.#gate.refusalOf(String(options.host ?? ''), false);
    return refusal === undefined ? super.createConnection(options, callback) : refuse(callback, refusal);
  }
}

class GuardedHttpsAgent extends https.Agent {
  readonly #gate: OutgoingGate;

  constructor(gate: OutgoingGate, options: https.AgentOptions) {
    super(options);
    this.#gate = gate;
  }

  override createConnection(options: https.RequestOptions, callback?: Created) {
    const refusal = this.#gate.refusalOf(String(options.host ?? ''), true);
    return refusal === undefined ? super.createConnection(options, callback) : refuse(callback, refusal);
  }
}

/** Told later, as of any connection that cannot be made: whoever asked has set timers by now, and listens for an error. */
function refuse(callback: Created | undefined, refusal: Error): undefined {
  // Node's own agents call it with the error alone, whatever its type says of a stream.
  process.nextTick(callback as (error: Error) => void, refusal);
}
