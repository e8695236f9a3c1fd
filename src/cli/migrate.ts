import { Command } from 'commander';
import { migrateDatabase, pendingMigrationsOf } from '#compose/migrate.ts';
import { configuration } from './configuration.ts';

export function migrateCommand(): Command {
  return new Command('migrate')
    .description(
      'Brings the database up to this version, as the start of a server does. With SAFE_POSTGRES_MIGRATE_DSN set for this command alone, servers need no right to change the schema.',
    )
    .option('--dry-run', 'list the steps and take none')
    .option('--config <file>', 'as for serve')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nExamples:\n  proofline migrate --dry-run\n  SAFE_POSTGRES_MIGRATE_DSN_FILE=/run/secrets/migrate proofline migrate\n\nExit codes: 0 done, or nothing to do; 78 the database or the configuration does not allow it.',
    )
    .action(async (options: { dryRun?: boolean; config?: string; json?: boolean }) => {
      const { config } = configuration(options);
      const dryRun = options.dryRun === true;
      const steps = dryRun ? await pendingMigrationsOf(config) : await migrateDatabase(config);
      if (options.json === true) {
        process.stdout.write(`${JSON.stringify({ dry_run: dryRun, migrations: steps })}\n`);
        return;
      }
      for (const step of steps) process.stdout.write(`${dryRun ? 'would apply' : 'applied'} ${step}\n`);
      if (steps.length === 0) process.stdout.write('The database is of this version. Nothing to do.\n');
      else if (dryRun) process.stdout.write('Nothing was changed.\n');
    });
}
