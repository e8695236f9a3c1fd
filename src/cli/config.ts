import { Command } from 'commander';
import { configuration } from './configuration.ts';

export function configCommand(): Command {
  return new Command('config')
    .description('Prints every setting as it is in effect and where it came from. Secrets are masked.')
    .option('--config <file>', 'read settings from lines of NAME=value; the environment wins')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExamples:\n  proofline config\n  proofline config --json --config /etc/proofline/env')
    .action((options: { config?: string; json?: boolean }) => {
      const { effective } = configuration(options);
      if (options.json === true) {
        const settings = Object.fromEntries(effective.map(({ env, shown, origin }) => [env, { value: shown, origin }]));
        process.stdout.write(`${JSON.stringify(settings, null, 2)}\n`);
        return;
      }
      const width = (pick: (value: (typeof effective)[number]) => string) =>
        Math.max(...effective.map((value) => pick(value).length));
      const [names, values] = [
        width(({ env }) => env),
        Math.min(
          40,
          width(({ shown }) => shown),
        ),
      ];
      for (const { env, shown, origin } of effective)
        process.stdout.write(`${env.padEnd(names)}  ${shown.padEnd(values)}  ${origin}\n`);
    });
}
