import { Command } from 'commander';
import { mendLineage } from '#compose/lineage/mend-lineage.ts';
import { createLog } from '#platform/process/log.ts';
import { configuration } from '../configuration.ts';

export function reindexCommand(): Command {
  return new Command('reindex')
    .description(
      'Looks at every record and adds what the manifests lack; then gathers the manifests of past days and fills the index anew. A folder must not be in use meanwhile, a bucket may.',
    )
    .option('--config <file>', 'read settings from lines of NAME=value; the environment wins')
    .option('--json', 'one line of JSON for each service')
    .addHelpText('after', '\nExample:\n  proofline lineage reindex --config /etc/proofline/env')
    .action(async (options: { config?: string; json?: boolean }) => {
      const { config } = configuration(options);
      const totals = { services: 0, runs: 0, added: 0 };
      for await (const { added, key, runs } of mendLineage(config, createLog('error'))) {
        totals.services += 1;
        totals.runs += runs;
        totals.added += added;
        if (options.json === true) process.stdout.write(`${JSON.stringify({ ...key, runs, added })}\n`);
        else {
          const name = `${key.organization}/${key.project}/${key.service}`;
          process.stdout.write(`${name}: ${counted(runs)}${added === 0 ? '' : `, ${added} added to the manifests`}\n`);
        }
      }
      if (options.json !== true)
        process.stdout.write(
          `${totals.services} ${totals.services === 1 ? 'service' : 'services'}, ${counted(totals.runs)}, ${totals.added} added\n`,
        );
    });
}

function counted(runs: number): string {
  return `${runs.toLocaleString('en')} ${runs === 1 ? 'run' : 'runs'}`;
}
