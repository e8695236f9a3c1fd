import { Command } from 'commander';
import { openMetadata } from '#compose/backends/open-metadata.ts';
import { previewRetention } from '#features/incidents/index.ts';
import { createLog } from '#platform/process/log.ts';
import { configuration } from './configuration.ts';

export function retentionCommand(): Command {
  const retention = new Command('retention').description('What the retention settings mean for what is stored.');
  retention
    .command('preview')
    .description('Shows what a retention turn would delete now. Changes nothing.')
    .option('--config <file>', 'as for serve')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  SAFE_CLOSED_INCIDENT_RETENTION=365d proofline retention preview')
    .action(async (options: { config?: string; json?: boolean }) => {
      const { config } = configuration(options);
      const metadata = await openMetadata(config, createLog('error'));
      try {
        const preview = await previewRetention(metadata.read, config.deletion, Date.now());
        if (options.json === true) {
          process.stdout.write(`${JSON.stringify(preview, null, 2)}\n`);
          return;
        }
        for (const { id, closed_at, chunks, bytes } of preview.incidents)
          process.stdout.write(`incident ${id}  closed ${closed_at}  ${chunks} chunks, ${bytes} bytes\n`);
        for (const id of preview.tombstones) process.stdout.write(`tombstone of ${id}\n`);
        process.stdout.write(
          `${preview.incidents.length} incidents, ${preview.tombstones.length} tombstones, ${preview.viewerLinks} viewer links, ${preview.sessions} sessions would go. Nothing was changed.\n`,
        );
      } finally {
        await metadata.close();
      }
    });
  return retention;
}
