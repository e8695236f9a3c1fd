import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, globSync, readdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { makePdf } from './documents/support/make-documents.ts';
import { repository, scratchFolder } from './support/server.ts';

const run = promisify(execFile);
const folder = scratchFolder('package');
after(() => folder.remove());

/** npm as it runs for somebody whose Node is the oldest that the package supports. */
const env = {
  ...process.env,
  PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
  NODE_TEST_CONTEXT: undefined,
};

/** The text and the picture of a PDF, by the compiled code. */
const parsing = (installed: string) => `
  const { runParser } = await import(${JSON.stringify(join(installed, 'dist/features/documents/processing/run-parser.js'))});
  const { readFileSync } = await import('node:fs');
  const shape = { safeParse: (data) => ({ success: true, data }) };
  const about = { mediaType: 'application/pdf', whole: true, maxCharacters: 100, maxSide: 100, maxPixels: 1e6 };
  const ask = (kind) => {
    const input = (async function* () { yield readFileSync('a.pdf'); })();
    return runParser({ kind, ...about }, input, shape, { timeoutMs: 20_000, memoryBytes: 2 ** 28 }, new AbortController().signal);
  };
  console.log(JSON.stringify([(await ask('text')).body, (await ask('thumbnail')).webp.slice(0, 5)]));
`;

test('the packed tarball installs globally without install scripts and plays the demo', async () => {
  await run('npm', ['pack', '--pack-destination', folder.path], { cwd: repository, env });
  const [tarball] = readdirSync(folder.path).filter((name) => name.endsWith('.tgz'));
  assert.ok(tarball, 'npm pack made a tarball');

  const prefix = join(folder.path, 'prefix');
  const install = ['install', '--global', '--ignore-scripts', '--prefer-offline', '--prefix', prefix];
  await run('npm', [...install, join(folder.path, tarball)], { cwd: folder.path, env });

  const installed = join(prefix, 'lib/node_modules/proofline');
  const shipped = readdirSync(installed);
  assert.ok(shipped.includes('LICENSE') && shipped.includes('dist') && !shipped.includes('src'), shipped.join(' '));

  // Styles, scripts, pictures, migrations: what no compiler carries over.
  const carried = globSync('src/**/*.*', { cwd: repository }).filter((path) => !path.endsWith('.ts'));
  const lost = carried.filter((path) => !existsSync(join(installed, path.replace(/^src/, 'dist'))));
  assert.ok(carried.length > 10);
  assert.deepEqual(lost, []);

  const demo = await run(join(prefix, 'bin/proofline'), ['demo', '--exit'], { cwd: folder.path, env });
  assert.match(demo.stdout, /verified: manifest, hashes, order and decryption/);

  const two = await run(join(prefix, 'bin/proofline'), ['demo', '--cluster'], { cwd: folder.path, env }).then(
    () => undefined,
    (error: { code: number; stderr: string }) => error,
  );
  assert.equal(two?.code, 78);
  assert.match(two.stderr, /the installed package carries none/);

  // Parsers are programs of their own that find their code, and the little that they may read, in the package.
  writeFileSync(join(folder.path, 'a.pdf'), makePdf(['installed']));
  const parsed = await run(process.execPath, ['--input-type=module', '-e', parsing(installed)], {
    cwd: folder.path,
    env,
  });
  assert.deepEqual(JSON.parse(parsed.stdout), ['installed', 'UklGR']);

  const client = await run(
    process.execPath,
    ['--input-type=module', '-e', "import('proofline/client').then((m) => console.log(typeof m.encryptChunk))"],
    { cwd: join(prefix, 'lib'), env },
  );
  assert.equal(client.stdout.trim(), 'function');
});
