import { Command } from 'commander';
import type { RunLine } from '#client/lineage/lineage-wire.ts';
import { showBytes } from '#recorder/measures.ts';
import { CommandFailure, exitCodesHelp, runCommand } from '../command-failure.ts';
import { showName } from '../show-name.ts';
import { openServer, type ServerFlags, withServerOptions } from './open-server.ts';
import { type ServiceFlags, whichService, withServiceOptions } from './which-service.ts';

interface RunsFlags extends ServerFlags, ServiceFlags {
  from?: string;
  to?: string;
  commit?: string;
  limit?: string;
  json?: boolean;
}

const notes = `
Examples:
  proofline lineage runs --organization acme --project shop --service api --from 2026-01-01 --to 2026-01-31
  proofline lineage runs --organization acme --project shop --service api --limit 20 --json | jq -r .run_id

Newest first: a table on a terminal; elsewhere a line each of arrival, run id, commit, impact, bytes and SHA-256, between tabs.
${exitCodesHelp}`;

export function runsCommand(): Command {
  const command = withServiceOptions(new Command('runs').description('Lists runs, newest first.'))
    .optionsGroup('Which runs:')
    .option('--from <time>', 'a day, or an RFC 3339 time; by arrival, UTC')
    .option('--to <time>', 'the same; belongs to the range')
    .option('--commit <sha>', 'runs of this commit alone')
    .option('--limit <count>', 'at most so many (default: all)');
  withServerOptions(command)
    .optionsGroup('Output:')
    .option('--json', 'print one JSON object a line')
    .addHelpText('after', notes);
  return command.action(async () => {
    // The names and kinds of RunsFlags are those of the options above.
    const flags = command.opts<RunsFlags>();
    await runCommand('lineage runs', flags.json === true, () => runs(flags, process.env));
  });
}

async function runs(flags: RunsFlags, env: NodeJS.ProcessEnv): Promise<number> {
  const service = whichService(flags, env);
  const limit = limitOf(flags.limit);
  const api = await openServer(flags, env);
  const show = flags.json === true ? asJson : process.stdout.isTTY ? asRow : asLine;
  const { commit, from, to } = flags;
  let shown = 0;
  for await (const line of api.runs(service, { from, to, commit }, { pageSize: Math.min(limit, 500) })) {
    if (shown === 0 && show === asRow) process.stdout.write(`${row('ARRIVED', 'COMMIT', 'IMPACT', 'SIZE', 'RUN')}\n`);
    process.stdout.write(`${show(line)}\n`);
    shown += 1;
    if (shown >= limit) break;
  }
  if (shown === 0 && flags.json !== true) process.stderr.write('No runs.\n');
  return 0;
}

function limitOf(given: string | undefined): number {
  if (given === undefined) return Number.POSITIVE_INFINITY;
  if (/^[1-9]\d{0,8}$/.test(given)) return Number(given);
  throw new CommandFailure('usage', '--limit is not a whole number.', 'Write it as --limit 20.');
}

function asJson(line: RunLine): string {
  return JSON.stringify(line);
}

function asLine({ bytes, commit_sha, impact, received_at, run_id, sha256 }: RunLine): string {
  return [received_at, run_id, commit_sha ?? '', impact, bytes, sha256]
    .map((part) => showName(String(part)))
    .join('\t');
}

function asRow({ bytes, commit_sha, impact, received_at, run_id }: RunLine): string {
  return showName(row(received_at, (commit_sha ?? '-').slice(0, 12), impact, showBytes(bytes), run_id));
}

/** What is of any length stands last. */
function row(arrived: string, commit: string, impact: string, size: string, run: string): string {
  return `${arrived.padEnd(24)}  ${commit.padEnd(12)}  ${impact.padEnd(10)}  ${size.padStart(8)}  ${run}`;
}
