import type { AddressInfo } from 'node:net';
import { Command } from 'commander';
import { exposesAdmin } from '#compose/config.ts';
import { startServer } from '#compose/server.ts';
import { createLog } from '#platform/process/log.ts';
import { configuration } from './configuration.ts';
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
      const server = await startServer(config, log);
      log.info({ main: server.main.map(shown), admin: server.admin.map(shown) }, 'ready');
      if (exposesAdmin(config)) log.warn({}, 'the admin listener is reachable from other machines');
      if (!server.isSetUp)
        log.warn({}, 'no administrator exists yet; create one: proofline accounts create --role admin');
      await untilSignal();
      log.info({}, 'shutting down');
      await server.stop();
      log.info({}, 'stopped');
    });
}

function shown(address: AddressInfo): string {
  return address.family === 'IPv6' ? `[${address.address}]:${address.port}` : `${address.address}:${address.port}`;
}
