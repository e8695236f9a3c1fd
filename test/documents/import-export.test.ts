/** A folder goes into the vault and comes out again, byte for byte, through kills and a vanished server, and what is bent is found. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openWorld, until, type World } from '../http/support/world.ts';
import { freshSeed, seeded } from '../support/random.ts';
import { cli, repository, scratchFolder } from '../support/server.ts';

const folder = scratchFolder('vault-cli');
const source = join(folder.path, 'source');
const seed = freshSeed();
let world: World;

before(async () => {
  world = await openWorld('vault-cli', { SAFE_MAIN_API_RATE_LIMIT_ENABLED: 'false' });
  writeFileSync(join(folder.path, 'token'), `${world.ada.token}\n`);
  const random = seeded(seed);
  const sizes = [0, 1, 10, 4096, 100_000];
  for (let n = 0; n < 60; n++) {
    const above = random.pick(['', 'Verträge', 'Verträge/2024', 'a/b/c', 'leer und.voll'] as const);
    mkdirSync(join(source, above), { recursive: true });
    writeFileSync(join(source, above, `brief ${n} ü.txt`), randomBytes(sizes[random.between(0, 4)] ?? 0));
  }
  writeFileSync(join(source, 'gross.bin'), randomBytes(40 * 1024 * 1024));
  mkdirSync(join(source, 'ganz leer'));
});
after(async () => {
  await world.close();
  folder.remove();
});

const reach = () => ['--server', world.server.url, '--token-file', join(folder.path, 'token'), '--json'];
const last = (stdout: string) => JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');

/** Paths below a folder with the hash of each file. */
function contentOf(root: string): Record<string, string> {
  const paths = globSync('**/*', { cwd: root }).filter((path) => statSync(join(root, path)).isFile());
  const hashOf = (path: string) =>
    createHash('sha256')
      .update(readFileSync(join(root, path)))
      .digest('hex');
  return Object.fromEntries(paths.sort().map((path) => [path, hashOf(path)]));
}

/** Begins the command, ends it by SIGKILL once so many files are through, and says how many that were. */
async function killedAfter(args: string[], files: number): Promise<number> {
  const child = spawn(join(repository, 'bin/proofline'), args, { stdio: ['ignore', 'pipe', 'ignore'] });
  let seen = 0;
  for await (const piece of child.stdout) {
    seen += String(piece).split('"event":"file"').length - 1;
    if (seen >= files) break;
  }
  child.kill('SIGKILL');
  return seen;
}

test('a folder is imported, killed in between and again, each file once', async () => {
  const args = ['documents', 'import', source, ...reach()];
  assert.ok((await killedAfter(args, 10)) >= 10);
  const { code, stdout, stderr } = await cli(args, {});
  assert.equal(code, 0, stdout + stderr);
  const { added, present, failed } = last(stdout);
  assert.ok(present >= 10, stdout);
  assert.deepEqual([added + present, failed], [61, 0], `seed ${seed}`);
  const again = await cli(args, {});
  assert.deepEqual([again.code, last(again.stdout).present], [0, 61]);
  const folders = await world.ada.get('/v1/folders?limit=100');
  assert.ok(folders.body.folders.some(({ name }: { name: string }) => name === 'ganz leer'));
});

test('what changed becomes the next version, or is left when that is asked for; links are passed over', async () => {
  writeFileSync(join(source, 'gross.bin'), randomBytes(1000));
  symlinkSync('/etc/hostname', join(source, 'link'));
  const left = await cli(['documents', 'import', source, ...reach(), '--on-change', 'skip'], {});
  assert.deepEqual([left.code, last(left.stdout).differs, last(left.stdout).passed_over], [1, 1, 1]);
  rmSync(join(source, 'link'));
  const report = join(folder.path, 'report.jsonl');
  const changed = await cli(['documents', 'import', source, ...reach(), '--report', report], {});
  assert.deepEqual([changed.code, last(changed.stdout).new_version], [0, 1], changed.stdout);
  const lines = readFileSync(report, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.equal(lines.length, 61);
  assert.deepEqual(
    lines.filter(({ outcome }) => outcome === 'new_version').map(({ path }) => path),
    ['gross.bin'],
  );
});

test('everything comes out again, killed in between, and is verified offline', async () => {
  const out = join(folder.path, 'out');
  const binned = await world.ada.get('/v1/documents?folder_id=root');
  const [first] = binned.body.documents;
  assert.equal((await world.ada.call('DELETE', `/v1/documents/${first.id}`)).status, 204);
  const args = ['documents', 'export', out, ...reach()];
  await killedAfter(args, 10);
  const { code, stdout, stderr } = await cli(args, {});
  assert.equal(code, 0, stdout + stderr);
  const done = last(stdout);
  assert.deepEqual([done.documents, done.files], [61, 62], stdout);
  assert.ok(done.present >= 5, stdout);
  const expected = contentOf(source);
  const trashed = expected[first.name];
  delete expected[first.name];
  assert.deepEqual(contentOf(join(out, 'documents')), expected);
  assert.deepEqual(Object.values(contentOf(join(out, 'trash'))), [trashed]);
  assert.equal((await cli(['verify', out], {})).code, 0);

  const path = globSync('documents/**/brief*', { cwd: out }).find((name) => statSync(join(out, name)).size > 10) ?? '';
  const bent = join(folder.path, 'bent');
  const bends: Record<string, (root: string) => void> = {
    different: (root) => {
      const bytes = readFileSync(join(root, path));
      bytes[3] = (bytes[3] ?? 0) ^ 1;
      writeFileSync(join(root, path), bytes);
    },
    missing: (root) => rmSync(join(root, path)),
    unexpected: (root) => writeFileSync(join(root, 'documents', 'more'), 'x'),
    unreadable: (root) => writeFileSync(join(root, 'documents.jsonl'), '{}\n'),
  };
  for (const [code, bend] of Object.entries(bends)) {
    rmSync(bent, { recursive: true, force: true });
    cpSync(out, bent, { recursive: true });
    bend(bent);
    const found = await cli(['verify', bent, '--json'], {});
    assert.equal(found.code, 1, code);
    assert.ok(
      JSON.parse(found.stdout).failures.some((failure: { code: string }) => failure.code === code),
      found.stdout,
    );
  }
  const foreign = await cli(['documents', 'export', source, ...reach()], {});
  assert.equal(foreign.code, 73, foreign.stdout);
});

test('a full quota is said for each file that it hit, and later the same command brings the rest', async () => {
  const more = join(folder.path, 'more');
  mkdirSync(more);
  for (let n = 0; n < 5; n++) writeFileSync(join(more, `neu ${n}`), randomBytes(1000));
  const limit = (documents: number | null) =>
    world.root.post(`/v1/admin/accounts/${world.accounts.ada}/document-quota`, {
      bytes_limit: null,
      documents_limit: documents,
    });
  assert.equal((await limit(63)).status, 200);
  const full = await cli(['documents', 'import', more, ...reach()], {});
  assert.deepEqual([full.code, last(full.stdout).added, last(full.stdout).failed], [1, 2, 3], full.stdout);
  assert.match(full.stdout, /quota_exceeded/);
  await limit(null);
  const rest = await cli(['documents', 'import', more, ...reach()], {});
  assert.deepEqual([rest.code, last(rest.stdout).added, last(rest.stdout).present], [0, 3, 2]);
  await until(
    async () => ((await world.ada.get('/v1/quota')).body.documents_used === 66 ? true : undefined),
    'counted',
  );
});

test('what is missing on the command line is said, without a stack', async () => {
  const where = ['documents', 'import', source, '--server', world.server.url];
  for (const [args, code] of [
    [[], 2],
    [['--username', 'ada', '--password-file', join(folder.path, 'absent')], 66],
    [['--token-file', join(folder.path, 'token'), '--on-change', 'x'], 2],
  ] as const) {
    const failed = await cli([...where, ...args], {});
    assert.equal(failed.code, code, failed.stderr);
    assert.match(failed.stderr, /^proofline documents import: /);
    assert.doesNotMatch(failed.stderr, /\n\s+at /);
  }
});
