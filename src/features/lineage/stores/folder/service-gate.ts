interface Gate {
  inside: number;
  /** Resolves when nobody is inside any more. */
  empty: PromiseWithResolvers<void> | undefined;
  /** Of the one who has the service for itself, and of those who wait for that. */
  closed: Promise<void> | undefined;
}

/** Many may write to a service at once, or one may have it for itself. */
export class ServiceGate {
  readonly #gates = new Map<string, Gate>();

  async share<T>(id: string, work: () => Promise<T>): Promise<T> {
    const gate = await this.#openGate(id);
    gate.inside += 1;
    try {
      return await work();
    } finally {
      gate.inside -= 1;
      if (gate.inside === 0) gate.empty?.resolve();
      this.#drop(id, gate);
    }
  }

  async alone<T>(id: string, work: () => Promise<T>): Promise<T> {
    const gate = await this.#openGate(id);
    const opened = Promise.withResolvers<void>();
    gate.closed = opened.promise;
    try {
      if (gate.inside > 0) {
        gate.empty = Promise.withResolvers();
        await gate.empty.promise;
        gate.empty = undefined;
      }
      return await work();
    } finally {
      gate.closed = undefined;
      opened.resolve();
      this.#drop(id, gate);
    }
  }

  /** Looked up anew after each wait, as a gate that nobody uses is dropped. */
  async #openGate(id: string): Promise<Gate> {
    for (;;) {
      const gate = this.#of(id);
      if (gate.closed === undefined) return gate;
      await gate.closed;
    }
  }

  #of(id: string): Gate {
    const gate = this.#gates.get(id) ?? { inside: 0, empty: undefined, closed: undefined };
    this.#gates.set(id, gate);
    return gate;
  }

  #drop(id: string, gate: Gate): void {
    if (gate.inside === 0 && gate.closed === undefined && this.#gates.get(id) === gate) this.#gates.delete(id);
  }
}
