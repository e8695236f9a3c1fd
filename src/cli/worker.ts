import { flushCompileCache } from 'node:module';
import { Command } from 'commander';
import { startWorker } from '#compose/worker.ts';
import { createLog } from '#platform/process/log.ts';
import { configuration } from './configuration.ts';
import { shown } from './shown-address.ts';
import { untilSignal } from './until-signal.ts';

export function workerCommand(): Command {
  return new Command('worker')
    .description(
      'Runs background jobs and nothing else, beside servers that share its database and its blobs. Answers for health and metrics only.',
    )
    .option('--config <file>', 'read settings from lines of NAME=value; the environment wins')
    .addHelpText(
      'after',
      '\nNeeds PostgreSQL, an S3-compatible store and a data folder of its own. With SAFE_JOBS_IN_SERVER=false the servers run no jobs.\n\nExamples:\n  proofline worker --config /etc/proofline/worker.env\n  SAFE_JOBS_CONCURRENCY=8 proofline worker',
    )
    .action(async (options: { config?: string }) => {
      const { config } = configuration(options);
      const log = createLog(config.server.logLevel);
      const worker = await startWorker(config, log);
      // Whoever waits for the line may ask for the end at once.
      const asked = untilSignal();
      log.info({ admin: worker.admin.map(shown), concurrency: config.jobs.concurrency }, 'ready');
      flushCompileCache();
      await asked;
      log.info({}, 'shutting down');
      await worker.stop();
      log.info({}, 'stopped');
    });
}
