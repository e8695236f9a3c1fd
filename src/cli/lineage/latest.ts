import { Command } from 'commander';
import { readStoredRun } from '#features/lineage/record/index.ts';
import { showBytes } from '#recorder/measures.ts';
import { exitCodesHelp, runCommand } from '../command-failure.ts';
import { showName } from '../show-name.ts';
import { openServer, type ServerFlags, withServerOptions } from './open-server.ts';
import { type ServiceFlags, whichService, withServiceOptions } from './which-service.ts';

interface LatestFlags extends ServerFlags, ServiceFlags {
  only?: 'artifact' | 'diff' | 'summary' | 'metadata';
  json?: boolean;
}

const notes = `
Examples:
  proofline lineage latest --organization acme --project shop --service api
  proofline lineage latest --organization acme --project shop --service api --only artifact > before.json

Prints the exact bytes that the server keeps, judged against the hash that it states; what they are of goes to standard error.
${exitCodesHelp}`;

export function latestCommand(): Command {
  const command = withServiceOptions(new Command('latest').description('Prints the record of the latest run.'));
  withServerOptions(command)
    .optionsGroup('Output:')
    .option('--only <part>', 'artifact, diff, summary or metadata, as it came')
    .option('--json', 'print failures as JSON too')
    .addHelpText('after', notes);
  return command.action(async () => {
    // The names and kinds of LatestFlags are those of the options above; what --only may be is looked at below.
    const flags = command.opts<LatestFlags>();
    if (flags.only !== undefined && !['artifact', 'diff', 'summary', 'metadata'].includes(flags.only))
      command.error('--only must be artifact, diff, summary or metadata.');
    await runCommand('lineage latest', flags.json === true, () => latest(flags, process.env));
  });
}

async function latest(flags: LatestFlags, env: NodeJS.ProcessEnv): Promise<number> {
  const service = whichService(flags, env);
  const api = await openServer(flags, env);
  const { bytes, location, sha256 } = await api.latest(service);
  const run = readStoredRun(bytes);
  process.stderr.write(
    `Run ${showName(run.run_id)}, ${showName(run.received_at)}, ${showBytes(bytes.length)}, SHA-256 ${sha256}\n${showName(api.url(location))}\n`,
  );
  if (flags.only === undefined) {
    process.stdout.write(bytes);
    if (process.stdout.isTTY) process.stdout.write('\n');
    return 0;
  }
  const part = run[flags.only];
  if (part === undefined) {
    process.stderr.write(`The run has no ${flags.only}.\n`);
    return 1;
  }
  process.stdout.write(`${part}\n`);
  return 0;
}
