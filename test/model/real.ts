import { createHash } from 'node:crypto';
import { Client } from '../http/support/client.ts';
import { until, type World } from '../http/support/world.ts';
import { startServer, type TestServer } from '../support/server.ts';
import type { ModelIncident } from './model.ts';

/** A few contents of chunks, so that equal ones meet often. */
export const payloads = [0, 1, 2].map((n) =>
  createHash('sha512')
    .update(`payload ${n}`)
    .digest()
    .subarray(0, 40 + n),
);

/** The server under test; it changes when it is started again on the same folder. */
export class Real {
  readonly #world: World;
  readonly #env: Record<string, string>;
  #server: TestServer;
  ada: Client;
  nobody: Client;
  /** Keeps the idempotency keys of one run apart from those of the runs before it. */
  run = 0;

  constructor(world: World, env: Record<string, string>) {
    this.#world = world;
    this.#env = env;
    this.#server = world.server;
    this.ada = world.ada;
    this.nobody = world.nobody;
  }

  /** Ends the process, in order or at once, and starts it again. The first thing it does is to carry out deletions. */
  async restart(how: 'stop' | 'kill', awaited: readonly ModelIncident[]): Promise<void> {
    await this.#server[how]();
    this.#server = await startServer({ dataDir: this.#world.server.dataDir, env: this.#env });
    this.nobody = new Client(this.#server.url, this.#world.contract);
    this.ada = this.nobody.as(this.#world.ada.token);
    for (const { id } of awaited) {
      const done = async () => (await this.ada.get(`/v1/incidents/${id}/deletion`)).body.deletion.state === 'deleted';
      await until(async () => ((await done()) ? true : undefined), 'deletion after a restart');
    }
  }

  /** The rows of the server, beside the server. */
  readonly rows: World['rows'] = (work) => this.#world.rows(work);

  async end(): Promise<void> {
    await this.#server.stop();
  }
}
