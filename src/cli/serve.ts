import { flushCompileCache } from 'node:module';
import { Command } from 'commander';
import { type Config, exposesAdmin } from '#compose/config.ts';
import { startServer } from '#compose/server.ts';
import { createLog } from '#platform/process/log.ts';
import { newSecret } from '#platform/process/secrets.ts';
import { configuration } from './configuration.ts';
import { shown } from './shown-address.ts';
import { untilSignal } from './until-signal.ts';

export function serveCommand(): Command {
  return new Command('serve')
    .description('Runs the server: API and viewer on one listener, admin pages, health and metrics on another.')
    .option('--config <file>', 'read settings from lines of NAME=value; the environment wins')
    .addHelpText(
      'after',
      '\nExamples:\n  proofline serve\n  SAFE_DATA_DIR=/var/lib/proofline proofline serve --config /etc/proofline/env',
    )
    .action(async (options: { config?: string }) => {
      const { config } = configuration(options);
      const log = createLog(config.server.logLevel);
      const setupSecret = offersSetUp(config) ? newSecret() : undefined;
      const server = await startServer(config, log, setupSecret === undefined ? {} : { setupSecret });
      // Whoever waits for the line may ask for the end at once.
      const asked = untilSignal();
      log.info(
        {
          main: server.main.map(shown),
          admin: server.admin.map(shown),
          ...(server.relayApi.length === 0 ? {} : { relay: server.relayApi.map(shown) }),
        },
        'ready',
      );
      if (exposesAdmin(config)) log.warn({}, 'the admin listener is reachable from other machines');
      if (!server.isSetUp)
        log.warn({}, 'no administrator exists yet; create one: proofline accounts create --role admin');
      const [admin] = server.admin;
      if (!server.isSetUp && setupSecret !== undefined && admin !== undefined)
        process.stderr.write(
          `\nSet up the first administrator here, once:\n  http://${shown(admin)}/admin/bootstrap#secret=${setupSecret}\n\n`,
        );
      // Otherwise written at an orderly exit only: after a crash or a power cut the next start would compile everything again.
      flushCompileCache();
      await asked;
      log.info({}, 'shutting down');
      await server.stop();
      log.info({}, 'stopped');
    });
}

/** Only where nobody but the person at this very terminal can read it, and only people of this machine can use it. */
function offersSetUp(config: Config): boolean {
  return process.stderr.isTTY === true && config.accounts.bootstrapSecret === '' && !exposesAdmin(config);
}
