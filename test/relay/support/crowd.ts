import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { CrowdCount, CrowdData } from './crowd.thread.ts';

/** Many readers of one stream. */
export class Crowd {
  readonly #worker: Worker;

  constructor(data: CrowdData) {
    this.#worker = new Worker(new URL('./crowd.thread.ts', import.meta.url), { workerData: data });
  }

  async count(word: 'count' | 'leave' = 'count'): Promise<CrowdCount> {
    const answer = once(this.#worker, 'message');
    this.#worker.postMessage(word);
    const [count] = await answer;
    return count;
  }

  async until(what: string, isSo: (count: CrowdCount) => boolean, ms = 60_000): Promise<CrowdCount> {
    const end = Date.now() + ms;
    for (;;) {
      const count = await this.count();
      if (isSo(count)) return count;
      if (Date.now() > end) throw new Error(`${what}: not within ${ms} ms; ${JSON.stringify(count)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async leave(): Promise<void> {
    await this.count('leave');
    await this.#worker.terminate();
  }
}
