import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadConfig, sections } from '#compose/config.ts';
import { loadSettings } from '#compose/load-settings.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import { cli, scratchFolder, startServer, writeFileIn } from '../support/server.ts';

const folder = scratchFolder('config');
after(() => folder.remove());

const refusal = (environment: Record<string, string>): StartupError => {
  try {
    loadConfig({ environment });
  } catch (error) {
    assert.ok(error instanceof StartupError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: `accepted: ${JSON.stringify(environment)}` });
};

test('a name of the older server that had a public listener stops the start', async () => {
  for (const name of ['SAFE_PUBLIC_BIND_ADDR', 'SAFE_PUBLIC_BIND_ADDRS']) {
    const result = await cli(['serve'], { [name]: '0.0.0.0:9999', SAFE_DATA_DIR: join(folder.path, 'never') });
    assert.equal(result.code, 78);
    assert.match(result.stderr, new RegExp(`${name} is not accepted`));
    assert.match(result.stderr, /SAFE_MAIN_BIND_ADDRS/);
    assert.doesNotMatch(result.stderr, /9999/);
  }
});

test('every setting refuses nonsense by its name, without repeating it', () => {
  const free = new Set([
    ...['SAFE_DB_PATH', 'SAFE_DATA_DIR', 'SAFE_VALKEY_USERNAME', 'SAFE_VALKEY_PASSWORD', 'STRICTURE_SERVER_DATA_DIR'],
    ...['SAFE_RELAY_CORE_CA_FILE', 'SAFE_RELAY_PRIVATE_KEY_FILE', 'SAFE_RELAY_STAGING_DIR'],
    'SAFE_RELAY_PUBLIC_KEYS_FILE',
    // Text of any kind, which is judged with the rest of who may.
    ...['STRICTURE_SERVER_OIDC_AUDIENCE', 'STRICTURE_SERVER_RULES', 'STRICTURE_SERVER_RULES_FILE'],
  ]);
  let checked = 0;
  for (const setting of Object.values(sections).flatMap((section) => Object.values(section))) {
    if (free.has(setting.env)) continue;
    // A secret has no form but its length.
    const nonsense = setting.secret === true ? '!' : 'n0n!sense';
    const error = refusal({ [setting.env]: nonsense });
    assert.ok(error.message.startsWith(`${setting.env} (from environment ${setting.env})`), error.message);
    assert.ok(!`${error.message} ${error.remedy}`.includes(nonsense));
    assert.match(error.remedy, /It must be /);
    checked += 1;
  }
  assert.ok(checked > 25, `${checked}`);
});

test('every default is accepted by its own setting', () => {
  loadSettings(sections, { environment: {} });
});

test('unknown names are refused, and the nearest known one is offered', () => {
  const error = refusal({ SAFE_MAX_UPLOAD_BITES: '5' });
  assert.match(error.message, /SAFE_MAX_UPLOAD_BITES is not a setting/);
  assert.match(error.remedy, /SAFE_MAX_UPLOAD_BYTES/);
  refusal({ SAFE_COMPLETELY_DIFFERENT_THING: '' });
  loadConfig({ environment: { PATH: '/bin', OTHER: 'x' } });
});

test('settings that contradict one another are refused together', () => {
  assert.match(
    refusal({ SAFE_MAX_UPLOAD_BYTES: '2GB', SAFE_TEMP_UPLOAD_STAGING_QUOTA_BYTES: '1GB' }).message,
    /smaller than/,
  );
  assert.match(
    refusal({ SAFE_MAIN_BIND_ADDRS: '127.0.0.1:9000', SAFE_ADMIN_BIND_ADDRS: '[::1]:9000,127.0.0.1:9000' }).message,
    /same address/,
  );
});

test('the environment wins over the file, an alias is its setting, a secret may come from a file and is never shown', async () => {
  const secret = writeFileIn(folder.path, 'secret', 'canary-secret-of-the-file\n');
  const file = writeFileIn(
    folder.path,
    'env',
    `SAFE_MAX_UPLOAD_BYTES=1MB\nSAFE_PRIVATE_BIND_ADDR=127.0.0.1:7000\nSAFE_AUTH_BOOTSTRAP_SECRET_FILE=${secret}\nSAFE_SESSION_TTL=2h\n`,
  );
  const env = { SAFE_SESSION_TTL: '3h' };
  for (const args of [
    ['config', '--config', file],
    ['config', '--json', '--config', file],
  ]) {
    const { stdout, stderr, code } = await cli(args, env);
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stdout, /canary-secret/);
    assert.match(stdout, /\*{8}/);
  }
  const shown = JSON.parse((await cli(['config', '--json', '--config', file], env)).stdout);
  assert.deepEqual(shown.SAFE_SESSION_TTL, { value: '3h', origin: 'environment SAFE_SESSION_TTL' });
  assert.deepEqual(shown.SAFE_MAX_UPLOAD_BYTES, { value: '1MB', origin: 'file, SAFE_MAX_UPLOAD_BYTES' });
  assert.deepEqual(shown.SAFE_MAIN_BIND_ADDRS, { value: '127.0.0.1:7000', origin: 'file, SAFE_PRIVATE_BIND_ADDR' });
  assert.deepEqual(shown.SAFE_AUTH_BOOTSTRAP_SECRET, {
    value: '********',
    origin: 'file, SAFE_AUTH_BOOTSTRAP_SECRET_FILE',
  });
  const { config } = loadConfig({ environment: { SAFE_AUTH_BOOTSTRAP_SECRET_FILE: secret } });
  assert.equal(config.accounts.bootstrapSecret, 'canary-secret-of-the-file');
  const short = writeFileIn(folder.path, 'short', 'canary-short');
  const error = refusal({ SAFE_AUTH_BOOTSTRAP_SECRET_FILE: short });
  assert.doesNotMatch(`${error.message}${error.remedy}${error.stack}`, /canary-short/);
  assert.match(refusal({ SAFE_AUTH_BOOTSTRAP_SECRET_FILE: join(folder.path, 'missing') }).message, /cannot be read/);
});

test('the configuration cannot be changed after it was read', () => {
  const { config } = loadConfig({ environment: {} });
  assert.throws(() => Object.assign(config.chunks, { maxUploadBytes: 1 }), TypeError);
});

test('what keeps a server from starting is said in words, with exit code 78', async () => {
  const dataDir = join(folder.path, 'one');
  const server = await startServer({ dataDir });
  const serve = (env: Record<string, string>) =>
    cli(['serve'], { SAFE_MAIN_BIND_ADDRS: '127.0.0.1:0', SAFE_ADMIN_BIND_ADDRS: '127.0.0.1:0', ...env });
  try {
    const second = await serve({ SAFE_DATA_DIR: dataDir });
    assert.deepEqual([second.code, /Another server runs/.test(second.stderr)], [78, true], second.stderr);
    const port = new URL(server.url).port;
    const taken = await serve({ SAFE_DATA_DIR: join(folder.path, 'two'), SAFE_MAIN_BIND_ADDRS: `127.0.0.1:${port}` });
    assert.deepEqual([taken.code, /the port is in use/.test(taken.stderr)], [78, true], taken.stderr);
  } finally {
    assert.equal(await server.stop(), 0);
  }
  const noFolder = await serve({ SAFE_DATA_DIR: writeFileIn(folder.path, 'a-file', '') });
  assert.deepEqual([noFolder.code, /SAFE_DATA_DIR cannot be made/.test(noFolder.stderr)], [78, true], noFolder.stderr);
  const orphaned = join(folder.path, 'orphaned');
  mkdirSync(join(orphaned, 'blobs', 'incidents', 'inc_x'), { recursive: true });
  const lost = await serve({ SAFE_DATA_DIR: orphaned });
  assert.deepEqual([lost.code, /database that knows them is missing/.test(lost.stderr)], [78, true], lost.stderr);
});

test('two names of one setting must agree, and names that other programs use count only where they are meant', () => {
  const other = 'mysql://canary@other.example/app';
  const ours = 'postgresql://app@db.example/proofline';
  const theirs = loadConfig({
    environment: { DATABASE_URL: other, DATABASE_URL_FILE: '/nowhere', DATABASE_MIGRATE_URL: 'x' },
  });
  assert.equal(theirs.config.metadata.postgresDsn, '');
  assert.ok(!theirs.effective.some(({ origin }) => origin.includes('DATABASE')));

  const postgres = { SAFE_METADATA_BACKEND: 'postgresql' };
  assert.equal(loadConfig({ environment: { ...postgres, DATABASE_URL: ours } }).config.metadata.postgresDsn, ours);
  const both = { ...postgres, SAFE_POSTGRES_DSN: ours, DATABASE_URL: ours };
  assert.equal(loadConfig({ environment: both }).config.metadata.postgresDsn, ours);
  assert.equal(loadConfig({ environment: { ...both, DATABASE_URL: '' } }).config.metadata.postgresDsn, ours);
  const empty = { ...postgres, SAFE_POSTGRES_DSN: '', DATABASE_URL: ours };
  assert.equal(loadConfig({ environment: empty }).config.metadata.postgresDsn, ours);
  const overridden = {
    environment: { ...postgres, SAFE_POSTGRES_DSN: ours },
    file: { name: 'x', values: { DATABASE_URL: `${ours}2` } },
  };
  assert.equal(loadConfig(overridden).config.metadata.postgresDsn, ours, 'the environment wins over the file');

  for (const environment of [
    { ...both, DATABASE_URL: `${ours}-canary` },
    { ...both, DATABASE_URL: other },
    { SAFE_MAIN_BIND_ADDRS: '127.0.0.1:1', SAFE_MAIN_BIND_ADDR: '127.0.0.1:2' },
  ]) {
    const error = refusal(environment);
    assert.match(error.message, /^SAFE_\w+ and \w+ are the same setting and have different values/);
    assert.doesNotMatch(`${error.message}${error.remedy}${error.stack}`, /canary|db\.example|127/);
  }
  assert.match(
    refusal({ ...postgres, DATABASE_URL: other }).message,
    /^SAFE_POSTGRES_DSN \(from environment DATABASE_URL\) is not valid/,
  );
  assert.match(refusal(postgres).message, /SAFE_POSTGRES_DSN is not set/);
});
