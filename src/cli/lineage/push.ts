import { Command } from 'commander';
import type { LineageApi } from '#client/lineage/lineage-api.ts';
import { readRunRequest } from '#features/lineage/record/index.ts';
import { toHex } from '#kit/bytes.ts';
import { newId } from '#kit/ids.ts';
import { CommandFailure, exitCodesHelp, runCommand } from '../command-failure.ts';
import { againstLatest, type Compared } from './diff-against-latest.ts';
import { type EnvelopeFacts, type EnvelopeValues, envelopeOf, readJsonFile } from './envelope.ts';
import { knownServer, openServer, type ServerFlags, withServerOptions } from './open-server.ts';
import { tellAccepted, tellDryRun } from './push-report.ts';
import { type ServiceFlags, whichService, withServiceOptions } from './which-service.ts';

interface PushFlags extends ServerFlags, ServiceFlags {
  runId?: string;
  commit?: string;
  generatedAt?: string;
  artifact: string;
  diff?: string;
  diffAgainstLatest?: boolean;
  summary?: string;
  metadata?: string[];
  dryRun?: boolean;
  json?: boolean;
}

const notes = `
Examples:
  In a job of GitHub Actions or GitLab CI, which say the rest:
    proofline lineage push --url https://evidence.example --service api --artifact manifest.json --diff-against-latest
  Anywhere:
    STRICTURE_SERVER_INGEST_TOKEN=... proofline lineage push --url https://evidence.example --organization acme --project shop \\
      --service api --artifact manifest.json --diff diff.json --metadata branch=main

Prints where the record can be read. The files are sent byte for byte. A run is kept once under its id: while the server is away the
same request is sent again, and the whole command may be repeated too. Without a CI to name the run, give --run-id for that.
The token comes from --token-file, STRICTURE_SERVER_INGEST_TOKEN, PROOFLINE_ID_TOKEN (GitLab's id_tokens) or GitHub, in this order.
${exitCodesHelp}`;

export function pushCommand(): Command {
  const command = withServiceOptions(
    new Command('push').description('Sends the record of a run, and tries again until it is kept.'),
  )
    .optionsGroup('The run:')
    .option('--run-id <id>', 'default: that of the pipeline, or a new one')
    .option('--commit <sha>', 'default: as GitHub or GitLab says')
    .option('--generated-at <time>', 'RFC 3339')
    .requiredOption('--artifact <file>', 'JSON: what the run made')
    .option('--diff <file>', 'JSON: what changed')
    .option('--diff-against-latest', 'compare the artifact with that of the latest run, and send that as the diff')
    .option('--summary <file>', 'JSON; its "impact" may be self_only, downstream or unknown')
    .option('--metadata <name=value...>', 'text beside it; may be repeated');
  withServerOptions(command)
    .optionsGroup('Output:')
    .option('--dry-run', 'show what would be sent, without the token, and send nothing')
    .option('--json', 'print one JSON object')
    .addHelpText('after', notes);
  return command.action(async () => {
    // The names and kinds of PushFlags are those of the options above.
    const flags = command.opts<PushFlags>();
    await runCommand('lineage push', flags.json === true, () => push(flags, process.env));
  });
}

async function push(flags: PushFlags, env: NodeJS.ProcessEnv): Promise<number> {
  const { ci, ...service } = whichService(flags, env);
  const known = knownServer(flags, env);
  const facts: EnvelopeFacts = {
    ...service,
    run_id: flags.runId ?? ci.runId ?? newId('run'),
    commit_sha: flags.commit ?? ci.commit,
    generated_at: flags.generatedAt,
  };
  const given = await valuesOf(flags);
  // By the server's own rules, so that what it would refuse is said before anything is sent.
  const normal = readRunRequest(envelopeOf(facts, withMetadata(given.values, given.metadata)));
  const mayAsk = flags.dryRun !== true || flags.diffAgainstLatest === true;
  const api = mayAsk ? await openServer(flags, env) : undefined;
  const compared = flags.diffAgainstLatest === true && api ? await againstLatest(api, normal, facts.run_id) : undefined;
  const values = withComparison(given, compared);
  const body = envelopeOf(facts, values);
  if (flags.dryRun === true || api === undefined) {
    const sha256 = toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', body)));
    tellDryRun({ ...known, body, sha256, run: readRunRequest(body), json: flags.json === true });
    return 0;
  }
  return await send(api, body, compared, flags.json === true);
}

async function send(
  api: LineageApi,
  body: Uint8Array<ArrayBuffer>,
  compared: Compared | undefined,
  json: boolean,
): Promise<number> {
  const accepted = await api.push(body);
  tellAccepted({ accepted, url: api.url(accepted.location), compared, json });
  return 0;
}

interface Given {
  values: EnvelopeValues;
  metadata: ReadonlyMap<string, string>;
}

async function valuesOf(flags: PushFlags): Promise<Given> {
  if (flags.diff !== undefined && flags.diffAgainstLatest === true)
    throw new CommandFailure('usage', 'There are two diffs.', 'Give --diff or --diff-against-latest, not both.');
  const file = async (path: string | undefined, option: string) =>
    path === undefined ? undefined : await readJsonFile(path, option);
  const values = {
    artifact: await readJsonFile(flags.artifact, '--artifact'),
    diff: await file(flags.diff, '--diff'),
    summary: await file(flags.summary, '--summary'),
  };
  return { values, metadata: metadataOf(flags.metadata ?? []) };
}

function metadataOf(pairs: readonly string[]): ReadonlyMap<string, string> {
  const metadata = new Map<string, string>();
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    const name = pair.slice(0, at);
    if (at < 1 || metadata.has(name))
      throw new CommandFailure(
        'usage',
        '--metadata is no name=value, or has a name twice.',
        'Write --metadata branch=main team=data.',
      );
    metadata.set(name, pair.slice(at + 1));
  }
  return metadata;
}

function withMetadata(values: EnvelopeValues, metadata: ReadonlyMap<string, string>): EnvelopeValues {
  return metadata.size === 0 ? values : { ...values, metadata: JSON.stringify(Object.fromEntries(metadata)) };
}

/** Says beside the diff what it was made against, so that the same command makes the same diff when it is repeated. */
function withComparison({ metadata, values }: Given, compared: Compared | undefined): EnvelopeValues {
  if (compared === undefined) return withMetadata(values, metadata);
  return withMetadata(
    { ...values, diff: JSON.stringify(compared.changes) },
    new Map([...metadata, ['diff_against', compared.run_id]]),
  );
}
