import { Command } from 'commander';
import { openMetadata } from '#compose/backends/open-metadata.ts';
import { cloudDeps, rotateKeys } from '#features/cloud/index.ts';
import { createLog } from '#platform/process/log.ts';
import { configuration } from './configuration.ts';
import { exitCodes } from './exit-codes.ts';
import { relayKeyCommand } from './relay-key.ts';

interface Options {
  config?: string;
  dryRun?: boolean;
  json?: boolean;
}

export function keysCommand(): Command {
  const keys = new Command('keys').description(
    'The keys that stored credentials are sealed with, and those of relays.',
  );
  keys
    .command('rotate')
    .description(
      'Seals the credentials of all cloud connections with SAFE_SECRET_KEY. Works whether or not the server runs, and goes on where it stood when it is begun again.',
    )
    .option('--dry-run', 'change nothing, only tell what would be')
    .option('--config <file>', 'as for serve')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nPut the new key into SAFE_SECRET_KEY and the one before into SAFE_SECRET_KEYS_OLD, restart the servers, rotate, and take the old key away.\n\nExample:\n  proofline keys rotate --config /etc/proofline/env',
    )
    .action(async (options: Options) => {
      const { config } = configuration(options);
      const metadata = await openMetadata(config, createLog('error'));
      try {
        const dryRun = options.dryRun === true;
        const { resealed, unreadable } = await rotateKeys(cloudDeps(metadata, config.cloud), { dryRun });
        if (options.json === true)
          process.stdout.write(`${JSON.stringify({ resealed, unreadable, dry_run: dryRun })}\n`);
        else {
          for (const id of unreadable)
            process.stdout.write(`${id}: sealed with a key that is not given, left as it is\n`);
          process.stdout.write(`${resealed} ${dryRun ? 'would be sealed' : 'sealed'} with the current key.\n`);
          if (unreadable.length > 0)
            process.stdout.write('Put the key that they are sealed with into SAFE_SECRET_KEYS_OLD and rotate again.\n');
        }
        if (unreadable.length > 0) process.exitCode = exitCodes.failed;
      } finally {
        await metadata.close();
      }
    });
  keys.addCommand(relayKeyCommand());
  return keys;
}
