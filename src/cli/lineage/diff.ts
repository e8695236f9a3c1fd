import { Command } from 'commander';
import type { LineageApi } from '#client/lineage/lineage-api.ts';
import type { ServiceName } from '#client/lineage/lineage-wire.ts';
import { diffJson, parseExact, readStoredRun, type StoredRun } from '#features/lineage/record/index.ts';
import { CommandFailure, exitCodesHelp, runCommand } from '../command-failure.ts';
import { showName } from '../show-name.ts';
import { openServer, type ServerFlags, withServerOptions } from './open-server.ts';
import { showChange } from './show-changes.ts';
import { type ServiceFlags, whichService, withServiceOptions } from './which-service.ts';

interface DiffFlags extends ServerFlags, ServiceFlags {
  latest?: boolean;
  exitCode?: boolean;
  json?: boolean;
}

const notes = `
Examples:
  proofline lineage diff 4711-1 4712-1 --organization acme --project shop --service api
  proofline lineage diff 4711-1 --latest    that run and the latest
  proofline lineage diff --latest           the latest run and the one before it

Compares the artifacts as structure: the order of members says nothing, and elements that have a name, id or path are compared with
their namesake. Numbers are compared exactly. With --json the changes are what --diff-against-latest sends.
${exitCodesHelp}`;

export function diffCommand(): Command {
  const command = withServiceOptions(
    new Command('diff').description('Shows what changed from the artifact of one run to that of another.'),
  )
    .argument('[runs...]', 'one or two run ids, the earlier first')
    .optionsGroup('Which runs:')
    .option('--latest', 'take the latest run for the later one');
  withServerOptions(command)
    .optionsGroup('Output:')
    .option('--exit-code', 'end with 1 when something changed')
    .option('--json', 'print one JSON object')
    .addHelpText('after', notes);
  return command.action(async (ids: string[]) => {
    // The names and kinds of DiffFlags are those of the options above.
    const flags = command.opts<DiffFlags>();
    if (ids.length + (flags.latest === true ? 1 : 0) !== 2 && !(flags.latest === true && ids.length === 0))
      command.error('Give two run ids, or one and --latest, or --latest alone.');
    await runCommand('lineage diff', flags.json === true, () => diff(ids, flags, process.env));
  });
}

async function diff(ids: readonly string[], flags: DiffFlags, env: NodeJS.ProcessEnv): Promise<number> {
  const service = whichService(flags, env);
  const api = await openServer(flags, env);
  const [a, b] = await twoRuns(api, service, ids);
  const changes = diffJson(parseExact(a.artifact), parseExact(b.artifact));
  if (flags.json === true) process.stdout.write(`${JSON.stringify({ from: namesOf(a), to: namesOf(b), changes })}\n`);
  else {
    process.stderr.write(`From ${headOf(a)}\nto   ${headOf(b)}\n`);
    for (const change of changes) process.stdout.write(`${showChange(change)}\n`);
    process.stderr.write(changes.length === 0 ? 'Nothing changed.\n' : `Changes: ${changes.length}\n`);
  }
  return flags.exitCode === true && changes.length > 0 ? 1 : 0;
}

async function twoRuns(api: LineageApi, service: ServiceName, ids: readonly string[]): Promise<[StoredRun, StoredRun]> {
  const run = async (id: string) => readStoredRun((await api.run(service, id)).bytes);
  const [first, second] = ids;
  if (first !== undefined && second !== undefined) return [await run(first), await run(second)];
  if (first !== undefined) return [await run(first), readStoredRun((await api.latest(service)).bytes)];
  const newest: string[] = [];
  for await (const line of api.runs(service, {}, { pageSize: 2 })) if (newest.push(line.run_id) === 2) break;
  const [latest, before] = newest;
  if (latest === undefined || before === undefined)
    throw new CommandFailure('no_input', 'There are no two runs to compare.', 'See proofline lineage runs.');
  return [await run(before), await run(latest)];
}

function namesOf({ commit_sha, received_at, run_id }: StoredRun) {
  return { run_id, received_at, commit_sha };
}

function headOf({ commit_sha, received_at, run_id }: StoredRun): string {
  return showName(`${run_id}  ${received_at}${commit_sha === undefined ? '' : `  ${commit_sha}`}`);
}
