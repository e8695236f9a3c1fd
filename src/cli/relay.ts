import { flushCompileCache } from 'node:module';
import { Command } from 'commander';
import { crossesUnencrypted, startRelay } from '#compose/relay.ts';
import { createLog } from '#platform/process/log.ts';
import { configuration } from './configuration.ts';
import { shown } from './shown-address.ts';
import { untilSignal } from './until-signal.ts';

export function relayCommand(): Command {
  return new Command('relay')
    .description(
      'Takes chunks near the people who record and passes them on to a server, which alone accepts them. No database, no blobs: a relay that is lost loses nothing.',
    )
    .option('--config <file>', 'read settings from lines of NAME=value; the environment wins')
    .addHelpText(
      'after',
      '\nThe server must have SAFE_RELAY_API_BIND_ADDRS and know the public key of this relay.\n\nExamples:\n  proofline relay --config /etc/proofline/relay.env\n  SAFE_RELAY_CORE_URL=https://core.example.org:8443 SAFE_RELAY_PRIVATE_KEY_FILE=north.jwk proofline relay',
    )
    .action(async (options: { config?: string }) => {
      const { config } = configuration(options);
      const log = createLog(config.server.logLevel);
      const relay = await startRelay(config, log);
      // Whoever waits for the line may ask for the end at once.
      const asked = untilSignal();
      log.info({ relay: relay.relay.map(shown), metrics: relay.metrics.map(shown) }, 'ready');
      if (crossesUnencrypted(config)) log.warn({}, 'the way to the core is not encrypted');
      flushCompileCache();
      await asked;
      log.info({}, 'shutting down');
      await relay.stop();
      log.info({}, 'stopped');
    });
}
