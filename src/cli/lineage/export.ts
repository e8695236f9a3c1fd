import { resolve } from 'node:path';
import { Command } from 'commander';
import { hasCode } from '#recorder/recorder-error.ts';
import { CommandFailure, exitCodesHelp, runCommand } from '../command-failure.ts';
import { ExportFolder } from './export-folder.ts';
import { exportReporter } from './export-reporter.ts';
import { type ExportScope, exportRuns } from './export-runs.ts';
import { normalScope } from './export-scope.ts';
import { openServer, type ServerFlags, withServerOptions } from './open-server.ts';
import type { ServiceFlags } from './which-service.ts';

interface ExportFlags extends ServerFlags, ServiceFlags {
  json?: boolean;
}

const notes = `
Examples:
  proofline lineage export records                                        everything that the token may read
  proofline lineage export records --organization acme --project shop     and nothing else
  proofline verify records                                                offline, at any time

Each record becomes a file, byte for byte, where the server keeps it too; lineage.json lists them with their hashes, tied into one
chain for each service. Killed, the same command goes on; given again later, it adds what is new. It prints the root, a hash over
everything: note it down elsewhere, and "proofline verify records --root HASH" also finds an export that was made anew.
${exitCodesHelp}`;

export function exportCommand(): Command {
  const command = new Command('export')
    .description('Copies the records of runs into a folder that can be verified without the server.')
    .argument('<folder>', 'empty, or an earlier export of the same services')
    .optionsGroup('Whose runs:')
    .option('--organization <name>', 'those of this organisation alone')
    .option('--project <name>', 'those of this project alone')
    .option('--service <name>', 'those of this service alone');
  withServerOptions(command)
    .optionsGroup('Output:')
    .option('--json', 'print events as one JSON object a line')
    .addHelpText('after', notes);
  return command.action(async (path: string) => {
    // The names and kinds of ExportFlags are those of the options above.
    const flags = command.opts<ExportFlags>();
    await runCommand('lineage export', flags.json === true, () => exportTo(resolve(path), flags, process.env));
  });
}

async function exportTo(path: string, flags: ExportFlags, env: NodeJS.ProcessEnv): Promise<number> {
  const scope: ExportScope = normalScope(flags);
  const api = await openServer(flags, env);
  const folder = await ExportFolder.open(path).catch((cause: unknown) => {
    if (!hasCode(cause, 'ENOTDIR')) throw cause;
    throw new CommandFailure('in_the_way', 'There is a file of this name.', 'Choose a folder.', { cause });
  });
  const reporter = exportReporter(flags.json === true);
  try {
    const manifest = await exportRuns({ api, folder, tell: reporter.tell, clock: Date.now }, scope);
    reporter.done(manifest);
    return 0;
  } finally {
    reporter.stop();
  }
}
