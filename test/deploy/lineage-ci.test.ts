import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { type GitHubIssuer, startGitHubIssuer } from '../support/github-issuer.ts';
import { outsideOfCi } from '../support/lineage-cli.ts';
import { type LineageServer, lineageToken, startLineageServer } from '../support/lineage-server.ts';
import { lacks } from '../support/needs.ts';
import { repository, scratchFolder, writeFileIn } from '../support/server.ts';

// What a CI engineer copies out of the page is run as it stands there, against a server, in the CI that the variables make up.
const page = readFileSync(join(repository, 'docs/operations/lineage-ci.md'), 'utf8');
const blocks = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language, text = '']) => ({
  language,
  text,
}));
const version: string = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')).version;
const address = 'https://evidence.example';

interface Action {
  inputs: Record<string, { required: boolean; default?: string }>;
  outputs: Record<string, { value: string }>;
  runs: { using: string; steps: { id: string; shell: string; env: Record<string, string>; run: string }[] };
}
interface WorkflowStep {
  id?: string;
  run?: string;
  uses?: string;
  with?: Record<string, string | number | boolean>;
}
interface Workflow {
  jobs: Record<string, { permissions: Record<string, string>; steps: WorkflowStep[] }>;
}

let server: LineageServer;
let issuer: GitHubIssuer;
const folder = scratchFolder('lineage-ci');
before(async () => {
  server = await startLineageServer();
  issuer = await startGitHubIssuer();
});
beforeEach(() => {
  writeFileIn(folder.path, 'artifact.json', '{"models":[{"name":"orders"}]}\n');
  writeFileIn(folder.path, 'token', `${lineageToken}\n`);
  writeFileIn(folder.path, 'headers', `Authorization: Bearer ${lineageToken}\n`);
  chmodSync(writeFileIn(folder.path, 'build.sh', '#!/bin/sh\necho 2 > artifact.json\n'), 0o755);
});
after(async () => {
  issuer.close();
  await server.close();
  folder.remove();
});

function parsed(text: string): unknown {
  const program = 'import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)';
  return JSON.parse(execFileSync('python3', ['-c', program], { input: text, encoding: 'utf8' }));
}

/** With the `proofline` of this checkout in the PATH, and this test's server in the place of the one that the page names. */
async function shell(program: 'bash' | 'sh', script: string, env: Record<string, string>) {
  const child = spawn(program, ['-e', '-c', script.replaceAll(address, server.url)], {
    cwd: folder.path,
    env: { ...process.env, ...outsideOfCi, PATH: `${join(repository, 'bin')}${delimiter}${process.env.PATH}`, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => {
      output += data.toString();
    });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

/** As GitHub writes what it fills in. */
const expression = (name: string) => `\${{ ${name} }}`;
const withToken = () => ({ STRICTURE_SERVER_URL: server.url, STRICTURE_SERVER_INGEST_TOKEN: lineageToken });
const yamlBlock = (mark: string) =>
  blocks.find(({ language, text }) => language === 'yaml' && text.includes(mark))?.text;

test('the shell commands of the page do what it says, in its order', async (t) => {
  if (lacks(t, 'curl')) return;
  const scripts = blocks.filter(({ language }) => language === 'sh');
  assert.equal(scripts.length, 3);
  for (const { text } of scripts) {
    // The token that the page has in a file is in the environment for those that say nothing of one.
    const ran = await shell('sh', text, text.includes('token') || text.includes('@headers') ? {} : withToken());
    assert.equal(ran.code, 0, `${text}\n${ran.output}`);
  }
  assert.equal(readFileSync(join(folder.path, 'before.json'), 'utf8'), '{"models":[{"name":"orders"}]}\n');
  assert.ok(existsSync(join(folder.path, 'records/lineage.json')));
  const kept = await server.store.day({ organization: 'acme', project: 'shop', service: 'api' }, { day: '2026-01-30' });
  assert.deepEqual(
    kept.map(({ run_id }) => run_id),
    ['build-4711', 'build-4712'],
  );
});

test('the GitHub action takes what the workflow gives it, and pushes as the job', async (t) => {
  if (lacks(t, 'yaml')) return;
  const action = parsed(readFileSync(join(repository, 'deploy/github-action/action.yml'), 'utf8')) as Action;
  const workflow = parsed(yamlBlock('uses:') ?? '') as Workflow;
  const job = workflow.jobs.build;
  assert.equal(job?.permissions['id-token'], 'write');
  const step = job.steps.find(({ uses }) => uses?.includes('deploy/github-action'));
  assert.equal(step?.uses, `OWNER/proofline/deploy/github-action@v${version}`);
  for (const name of Object.keys(step.with ?? {})) assert.ok(name in action.inputs, `${name} is an input`);
  for (const [name, { required }] of Object.entries(action.inputs))
    if (required) assert.ok(name in (step.with ?? {}), `${name} is given`);
  assert.equal(action.inputs.package?.default, `proofline@${version}`);
  assert.equal(action.runs.using, 'composite');
  const [push] = action.runs.steps;
  assert.ok(push);
  assert.equal(push.shell, 'bash');
  assert.doesNotMatch(push.run, /\$\{\{/, 'no input becomes part of the script');

  const branch = 'a "$(touch hacked)" `touch hacked` branch';
  const pushAs = async (given: Record<string, unknown>) => {
    const output = join(folder.path, 'github-output');
    const inputs = Object.fromEntries(
      Object.entries(action.inputs).map(([name, input]) => [name, input.default ?? '']),
    );
    for (const [name, value] of Object.entries(given))
      inputs[name] = String(value).replace(expression('github.ref_name'), branch).replaceAll(address, server.url);
    const env = Object.entries(push.env).map(([name, value]) => {
      const input = /^\$\{\{ inputs\.([a-z-]+) \}\}$/.exec(value)?.[1];
      assert.ok(input !== undefined && input in inputs, value);
      return [name, inputs[input]];
    });
    const ran = await shell('bash', push.run, { ...issuer.env, ...Object.fromEntries(env), GITHUB_OUTPUT: output });
    return { ...ran, outputs: existsSync(output) ? readFileSync(output, 'utf8') : '' };
  };
  const location = `${server.url}/v1/lineage/acme-inc/shop/api/runs/4711-2`;
  const pushed = await pushAs(step.with ?? {});
  assert.equal(pushed.code, 0, pushed.output);
  assert.equal(pushed.outputs, `location=${location}\n`);
  assert.equal(action.outputs.location?.value, expression('steps.push.outputs.location'));
  const kept = await server.store.read({ organization: 'acme-inc', project: 'shop', service: 'api' }, '4711-2');
  assert.equal(JSON.parse(new TextDecoder().decode(kept?.payload)).metadata.branch, branch);
  assert.ok(!existsSync(join(folder.path, 'hacked')));
  assert.doesNotMatch(pushed.output, new RegExp(lineageToken));

  const everything = await pushAs({
    ...step.with,
    ...{ organization: 'other', project: 'p', 'run-id': 'mine', audience: 'x', diff: 'artifact.json' },
    ...{ 'diff-against-latest': false, summary: 'artifact.json', metadata: 'a=1\nb=2\n' },
  });
  assert.equal(everything.code, 0, everything.output);
  assert.match(issuer.asked.at(-1)?.url ?? '', /audience=x$/);
  assert.ok(await server.store.read({ organization: 'other', project: 'p', service: 'api' }, 'mine'));
  const failed = await pushAs({ ...step.with, artifact: 'none.json' });
  assert.equal(failed.code, 66, 'the exit code of the command is that of the step');
});

test('the job of GitLab pushes with the token that it asks for', async (t) => {
  if (lacks(t, 'yaml')) return;
  const { build } = parsed(yamlBlock('id_tokens') ?? '') as {
    build: { id_tokens: Record<string, { aud: string }>; variables: Record<string, string>; script: string[] };
  };
  assert.deepEqual(build.id_tokens, { PROOFLINE_ID_TOKEN: { aud: address } });
  assert.equal(build.variables.STRICTURE_SERVER_URL, address);
  const script = build.script.join('\n').replace(`npx --yes proofline@${version} `, 'proofline ');
  assert.doesNotMatch(script, /npx/);
  const ran = await shell('bash', script, {
    ...{
      GITLAB_CI: 'true',
      CI_PROJECT_PATH: 'acme/group/shop',
      CI_PIPELINE_ID: '1',
      CI_JOB_ID: '2',
      CI_COMMIT_SHA: 'abc',
    },
    ...{ PROOFLINE_ID_TOKEN: lineageToken, STRICTURE_SERVER_URL: server.url },
  });
  assert.equal(ran.code, 0, ran.output);
  assert.ok(await server.store.read({ organization: 'acme', project: 'group-shop', service: 'api' }, '1-2'));
});

test('every exit code of the command is in the table of the page', async () => {
  const help = await shell('sh', 'proofline lineage push --help', {});
  const codes = [...(help.output.split('Exit codes:')[1] ?? '').matchAll(/(?:^|[;\s])(\d+) /g)].map(([, code]) => code);
  const listed = [...page.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => code);
  assert.deepEqual(listed, codes);
  assert.ok(codes.length > 5);
});
