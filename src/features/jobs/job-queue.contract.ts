import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Problem } from '#kit/errors.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { createLog } from '#platform/process/log.ts';
import { contractEndings, effectHandler, marks, putDown, states } from './contract/effects.ts';
import { JobFailure, type JobHandler } from './job-handler.ts';
import type { JobQueue } from './job-queue.ts';
import { JobRunner } from './job-runner.ts';
import type { JobConfig } from './jobs.config.ts';
import { jobById } from './jobs.store.ts';
import { repeatJob } from './repeat-job.ts';

/** One database, and as many queues over it as there are processes. */
export interface QueueWorld {
  metadata: Metadata;
  queue(config: JobConfig): Promise<JobQueue>;
  close(): Promise<void>;
}

export const contractConfig: JobConfig = {
  inServer: true,
  queue: 'table',
  valkeyUrl: '',
  workerAddresses: [],
  concurrency: 4,
  pollIntervalMs: 50,
  leaseMs: 1_000,
  maxAttempts: 3,
  retryDelayMs: 20,
  maxRetryDelayMs: 100,
  doneRetentionMs: 0,
};

/** What every way of being told of jobs must do. */
export function jobQueueContract(name: string, open: () => Promise<QueueWorld>): void {
  describe(`${name} as the queue of jobs`, () => {
    let world: QueueWorld;
    let metadata: Metadata;
    const workers: { runner: JobRunner; queue: JobQueue }[] = [];
    beforeEach(async () => {
      world = await open();
      metadata = world.metadata;
    });
    afterEach(async () => {
      for (const worker of workers.splice(0)) await stop(worker);
      await world.close();
    });

    const work = async (handlers: JobHandler[], changed: Partial<JobConfig> = {}) => {
      const config = { ...contractConfig, ...changed };
      const outcomes: string[] = [];
      const log = createLog('silent');
      const count = (_kind: string, outcome: string) => void outcomes.push(outcome);
      const runner = new JobRunner({ metadata, handlers, endings: contractEndings, log, count }, config);
      const queue = await world.queue(config);
      queue.start(runner, config.concurrency);
      const worker = { runner, queue, outcomes };
      workers.push(worker);
      return worker;
    };
    const settled = async (wanted: Record<string, number>) => {
      const end = Date.now() + 40_000;
      for (;;) {
        const found = await states(metadata.read);
        if (Object.entries(wanted).every(([state, count]) => (found[state] ?? 0) === count)) return;
        assert.ok(Date.now() < end, `${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`);
        await pause(10);
      }
    };
    const once = (ids: readonly string[], fence = 1) => ids.map((id) => `${id}:${fence}`).sort();

    test('several workers at once, and each job has its effect once', async () => {
      const early = await putDown(metadata, 100);
      const all = await Promise.all([1, 2, 3].map(() => work([effectHandler(metadata, () => pause(1))])));
      const late = await putDown(metadata, 100);
      for (const { queue } of all) queue.nudge();
      await settled({ done: 200 });
      assert.deepEqual(await marks(metadata.read), once([...early, ...late]));
      assert.equal(all.flatMap(({ outcomes }) => outcomes).filter((outcome) => outcome !== 'done').length, 0);
    });

    test('what is put down while it sleeps is found without a nudge', async () => {
      await work([effectHandler(metadata)]);
      await pause(100);
      const ids = await putDown(metadata, 3);
      await settled({ done: 3 });
      assert.deepEqual(await marks(metadata.read), once(ids));
    });

    test('no more at once than was agreed', async () => {
      let [now, most] = [0, 0];
      const counting = effectHandler(metadata, async () => {
        now += 1;
        most = Math.max(most, now);
        await pause(100);
        now -= 1;
      });
      await putDown(metadata, 12);
      await work([counting], { concurrency: 3 });
      await settled({ done: 12 });
      assert.equal(most, 3);
    });

    test('what fails is tried again later, then parked with its reason, and begins anew when it is repeated', async () => {
      let fails = true;
      const attempts: number[] = [];
      const failing = effectHandler(metadata, () => {
        attempts.push(performance.now());
        if (fails) throw new Problem('storage_unavailable');
      });
      const [id = ''] = await putDown(metadata, 1);
      const { outcomes } = await work([failing]);
      await settled({ parked: 1 });
      assert.equal(attempts.length, 3);
      // Half of 20 ms at least before the second, half of 40 ms before the third; timers may be a little early.
      const gaps = attempts.slice(1).map((at, i) => at - (attempts[i] ?? 0));
      assert.ok((gaps[0] ?? 0) >= 8 && (gaps[1] ?? 0) >= 18, String(gaps));
      const parked = await jobById(metadata.read, id);
      assert.equal(parked?.error_code, 'storage_unavailable');
      assert.equal(parked?.error_detail, new Problem('storage_unavailable').message);
      assert.deepEqual(await marks(metadata.read), [`parked:${id}:3`]);
      fails = false;
      await repeatJob({ metadata, endings: contractEndings }, id, { actor: 'command_line' });
      await settled({ done: 1 });
      assert.deepEqual(await marks(metadata.read), [`${id}:4`, `parked:${id}:3`, `waiting:${id}:3`]);
      assert.deepEqual((await jobById(metadata.read, id))?.attempts, 1);
      assert.deepEqual(outcomes, ['retried', 'retried', 'parked', 'done']);
      const entries = await metadata.read.selectFrom('audit_log').select(['action', 'subject_id']).execute();
      assert.deepEqual(
        entries.map((entry) => ({ ...entry })),
        [{ action: 'job.repeat', subject_id: id }],
      );
    });

    test('what no further attempt can mend is parked at once', async () => {
      const [id = ''] = await putDown(metadata, 1);
      await work([
        effectHandler(metadata, () => {
          throw new JobFailure('not_a_pdf', 'This is no PDF.');
        }),
      ]);
      await settled({ parked: 1 });
      const { attempts, error_code, error_detail } = (await jobById(metadata.read, id)) ?? {};
      assert.deepEqual([attempts, error_code, error_detail], [1, 'not_a_pdf', 'This is no PDF.']);
    });

    test('an error of others says nothing in the row', async () => {
      const [id = ''] = await putDown(metadata, 1);
      await work([
        effectHandler(metadata, () => {
          throw new Error('/a/path and a secret');
        }),
      ]);
      await settled({ parked: 1 });
      const { error_code, error_detail } = (await jobById(metadata.read, id)) ?? {};
      assert.deepEqual([error_code, error_detail], ['internal_error', null]);
    });

    test('a handler that ends without ending its job has failed', async () => {
      await putDown(metadata, 1);
      await work([{ kind: 'text', timeoutMs: 60_000, run: async () => undefined }]);
      await settled({ parked: 1 });
      assert.equal((await marks(metadata.read)).length, 1);
    });

    test('a job that takes too long is interrupted and tried again', async () => {
      const [id = ''] = await putDown(metadata, 1);
      const slow = effectHandler(metadata, async (job, signal) => {
        if (job.attempts === 1) await pause(60_000, undefined, { signal });
      });
      const { outcomes } = await work([{ ...slow, timeoutMs: 200 }]);
      await settled({ done: 1 });
      assert.deepEqual(outcomes, ['retried', 'done']);
      assert.deepEqual(await marks(metadata.read), once([id], 2));
    });

    test('a kind that nobody here knows waits', async () => {
      await putDown(metadata, 1, 'ocr');
      const ids = await putDown(metadata, 1);
      await work([effectHandler(metadata)]);
      await settled({ done: 1, waiting: 1 });
      assert.deepEqual(await marks(metadata.read), once(ids));
    });

    test('jobs that last leave a hand for others', async () => {
      let [lasting, most, ended] = [0, 0, false];
      const endless = effectHandler(
        metadata,
        async (_, signal) => {
          lasting += 1;
          most = Math.max(most, lasting);
          while (!ended && !signal.aborted) await pause(10);
          lasting -= 1;
        },
        'import',
      );
      const long = await putDown(metadata, 6, 'import');
      const short = await putDown(metadata, 6);
      await work([{ ...endless, lasting: true }, effectHandler(metadata)], { concurrency: 3 });
      await settled({ done: 6 });
      assert.deepEqual(await marks(metadata.read), once(short));
      await settled({ running: 2 });
      ended = true;
      await settled({ done: 12 });
      assert.equal(most, 2);
      assert.deepEqual(await marks(metadata.read), once([...long, ...short]));
    });

    test('told to stop, it gives back what runs, and that counts as no attempt', async () => {
      const ids = await putDown(metadata, 3);
      const first = await work([effectHandler(metadata, (_, signal) => pause(60_000, undefined, { signal }))]);
      await settled({ running: 3 });
      const since = performance.now();
      await stop(first);
      assert.ok(performance.now() - since < 4_000, 'it waited for the jobs');
      await settled({ waiting: 3 });
      for (const id of ids) assert.equal((await jobById(metadata.read, id))?.attempts, 0);
      assert.deepEqual(first.outcomes, ['given_back', 'given_back', 'given_back']);
      await work([effectHandler(metadata)]);
      await settled({ done: 3 });
      assert.deepEqual(await marks(metadata.read), once(ids, 2));
    });

    test('a job outlives its lease as long as it shows signs of life', async () => {
      const ids = await putDown(metadata, 2);
      const slow = effectHandler(metadata, () => pause(3_600));
      await work([slow], { leaseMs: 1_500 });
      await work([slow], { leaseMs: 1_500 });
      await settled({ done: 2 });
      assert.deepEqual(await marks(metadata.read), once(ids));
    });
  });
}

async function stop({ runner, queue }: { runner: JobRunner; queue: JobQueue }): Promise<void> {
  await runner.stop();
  await queue.stop();
}
