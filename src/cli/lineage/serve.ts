import { Command } from 'commander';
import { startLineageServer } from '#compose/lineage/lineage-server.ts';
import { createLog } from '#platform/process/log.ts';
import { configuration } from '../configuration.ts';
import { shown } from '../shown-address.ts';
import { untilSignal } from '../until-signal.ts';

export function serveCommand(): Command {
  return new Command('serve')
    .description(
      'Runs lineage alone, without any database. `proofline serve` answers it too, where STRICTURE_SERVER_AUTH_MODE is set.',
    )
    .option('--config <file>', 'read settings from lines of NAME=value; the environment wins')
    .addHelpText(
      'after',
      `
Examples:
  STRICTURE_SERVER_AUTH_MODE=token STRICTURE_SERVER_INGEST_TOKEN_FILE=/etc/proofline/token proofline lineage serve
  STRICTURE_SERVER_STORAGE_DRIVER=s3 STRICTURE_SERVER_OBJECT_BUCKET=lineage proofline lineage serve --config /etc/proofline/env`,
    )
    .action(async (options: { config?: string }) => {
      const { config } = configuration(options);
      const log = createLog(config.server.logLevel);
      const server = await startLineageServer(config, log);
      // Whoever waits for the line may ask for the end at once.
      const asked = untilSignal();
      log.info({ lineage: server.main.map(shown), admin: server.admin.map(shown) }, 'ready');
      await asked;
      log.info({}, 'shutting down');
      await server.stop();
      log.info({}, 'stopped');
    });
}
