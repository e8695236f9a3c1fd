import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { globSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { isolation } from './isolation.ts';
import { ChildFailure, type LimitedRun, runLimited } from './limited-child.ts';

const mebibyte = 1024 * 1024;
/** V8 sets 512 MiB aside for code. */
const limits = { timeoutMs: 10_000, dataBytes: 700 * mebibyte, outputBytes: 1000 };

async function* pieces(...texts: string[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text);
}

async function run(command: string, args: string[], more: Partial<LimitedRun> = {}): Promise<string> {
  return (await runLimited({ command, args, input: pieces(), limits, ...more })).toString();
}
const node = async (script: string, more: Partial<LimitedRun> = {}, flags: string[] = []) =>
  await run(process.execPath, [...flags, '-e', script], more);

const failsBy = (fault: ChildFailure['fault']) => (error: unknown) => {
  assert.ok(error instanceof ChildFailure, String(error));
  assert.equal(error.fault, fault, error.message);
  return true;
};

process.env.TMPDIR = mkdtempSync(join(tmpdir(), 'proofline-children-'));
after(() => {
  assert.deepEqual(readdirSync(tmpdir()), [], 'a working folder was left behind');
  rmdirSync(tmpdir());
});

test('what it writes comes back, whatever it is given', async () => {
  assert.equal(await run('cat', [], { input: pieces('a', 'b', '') }), 'ab');
  assert.equal(await run('cat', []), '');
});

test('one that stops reading is no failure', async () => {
  const input = pieces(...Array.from({ length: 100 }, () => 'x'.repeat(mebibyte)));
  assert.equal(await run('head', ['-c', '3'], { input }), 'xxx');
});

test('input that fails is what is thrown', async () => {
  async function* broken(): AsyncGenerator<Buffer> {
    yield Buffer.from('a');
    throw new Error('bent bytes');
  }
  await assert.rejects(run('cat', [], { input: broken() }), /bent bytes/);
});

test('its environment is what it is given, and its folder is empty', async () => {
  process.env.PROOFLINE_CANARY = 'secret';
  const script = 'console.log(JSON.stringify([Object.keys(process.env).sort(), fs.readdirSync(".")]))';
  assert.deepEqual(JSON.parse(await node(script, { env: { ONLY: '1' } })), [['ONLY', 'PWD'], []]);
  delete process.env.PROOFLINE_CANARY;
});

test('it can write no file', async () => {
  const script =
    'process.on("SIGXFSZ", () => {}); try { fs.writeFileSync("f", "x") } catch (e) { console.log(e.code) }';
  assert.equal((await node(script)).trim(), 'EFBIG');
});

test('time', async () => {
  const began = performance.now();
  const short = { limits: { ...limits, timeoutMs: 700 } };
  await assert.rejects(run('sleep', ['60'], short), failsBy('timeout'));
  await assert.rejects(node('for (;;);', short), failsBy('timeout'));
  // What leaves its group and holds on to the output ends too, with its parent or when the time is up.
  await run('sh', ['-c', 'setsid sleep 60 & exit 0'], short).catch(failsBy('timeout'));
  assert.ok(performance.now() - began < 8_000);
});

test('one whose server was killed ends by itself', async () => {
  const module = JSON.stringify(new URL('./limited-child.ts', import.meta.url));
  // The word is put together there, so that only the child's command line has it.
  const script = `const { runLimited } = await import(${module});
    const args = ['-e', 'for (;;);', ['orphan', ${process.pid}].join('-')];
    const limits = ${JSON.stringify({ ...limits, timeoutMs: 500 })};
    await runLimited({ command: process.execPath, args, limits, input: (async function* () {})() });`;
  // The working folder is left behind: the system's to sweep.
  const env = { ...process.env, TMPDIR: mkdtempSync(join(tmpdir(), 'killed-')) };
  const server = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore', env });
  await until(() => running(`orphan-${process.pid}`) > 0);
  server.kill('SIGKILL');
  await until(() => running(`orphan-${process.pid}`) === 0);
  rmSync(env.TMPDIR, { recursive: true });
});

function running(word: string): number {
  const lines = globSync('/proc/[0-9]*/cmdline').map((path) => {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      // It has ended since.
      return '';
    }
  });
  return lines.filter((line) => line.includes(word)).length;
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await setTimeout(50);
}

test('memory, of V8 and outside of it', async () => {
  await assert.rejects(
    node('const a = []; for (;;) a.push([1, 2, 3]);', {}, ['--max-old-space-size=64']),
    failsBy('memory'),
  );
  await assert.rejects(node('const a = []; for (;;) a.push(Buffer.alloc(1e7, 1));'), failsBy('memory'));
});

test('output', async () => {
  await assert.rejects(run('yes', []), failsBy('output'));
});

test('a crash', async () => {
  await assert.rejects(node('process.exit(3)'), failsBy('crashed'));
  await assert.rejects(node('process.abort()'), failsBy('crashed'));
});

test('a program that is missing is no fault of the input', async () => {
  await assert.rejects(run('no-such-program', []), (error) => !(error instanceof ChildFailure));
});

test('the signal ends it', async () => {
  const began = performance.now();
  const signal = AbortSignal.timeout(300);
  await assert.rejects(run('sleep', ['60'], { signal }), (error) => error === signal.reason);
  await assert.rejects(run('cat', [], { signal }), (error) => error === signal.reason);
  assert.ok(performance.now() - began < 5_000);
});

test('where the kernel allows it: no network, and no sight of other processes', async (t) => {
  const { network, processes } = await isolation();
  t.diagnostic(JSON.stringify(await isolation()));
  if (process.getuid?.() === 0 && process.env.CI === 'true') assert.ok(network && processes);
  const server = createServer((socket) => socket.end('reached')).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const knock = `net.connect(${port}, '127.0.0.1').on('data', d => console.log(String(d))).on('error', e => console.log(e.code))`;
  const answer = (await node(knock)).trim();
  server.close();
  if (network) assert.match(answer, /^E(NETUNREACH|CONNREFUSED|HOSTUNREACH)$/);
  else assert.equal(answer, 'reached');
  const kill = `try { process.kill(${process.pid}, 0); console.log('seen') } catch (e) { console.log(e.code) }`;
  assert.equal((await node(kill)).trim(), processes ? 'ESRCH' : 'seen');
});
