import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { lacks } from '../support/needs.ts';
import { scratchFolder } from '../support/server.ts';
import { attachTracer, descriptorPath, type TracedCall } from './trace.ts';

/** Carries the lines out in a traced process. Returns its answers and its system calls in the order of their ends. */
async function traced(t: TestContext, lines: readonly string[], inject?: string) {
  const scratch = scratchFolder('folder-objects');
  t.after(scratch.remove);
  const root = join(scratch.path, 'objects');
  const child = spawn(process.execPath, [join(import.meta.dirname, 'folder-objects-process.ts'), root], {
    stdio: ['pipe', 'pipe', 'inherit'],
    // One thread of the pool, as strace counts injections for each.
    env: { ...process.env, UV_THREADPOOL_SIZE: '1' },
  });
  t.after(() => child.kill('SIGKILL'));
  const said = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  assert.equal((await said.next()).value, 'answer ready');
  const tracer = await attachTracer(child.pid ?? 0, inject);
  const answers: string[] = [];
  for (const line of lines) {
    child.stdin.write(`${line}\n`);
    answers.push(String((await said.next()).value).replace('answer ', ''));
  }
  child.stdin.end();
  return { root, answers, calls: await tracer.calls() };
}

/** Ends of the calls that matter, as words: `fsync a`, `link a/b`, `answer`. */
function story(root: string, calls: readonly TracedCall[]): string[] {
  const told = (path: string) =>
    path === root ? '/' : path.slice(root.length + 1).replace(/^(\+unfinished\/).*/, '$1*');
  return calls.flatMap((call) => {
    const { args, name, result } = call;
    if (result < 0) return [];
    if (name === 'fsync') return [`fsync ${told(descriptorPath(call))}`];
    if (name === 'write' && args.includes('answer ')) return ['answer'];
    const [first = '', second] = [...args.matchAll(/"([^"]+)"/g)].map(([, path = '']) => path);
    if (/^mkdir/.test(name)) return [`mkdir ${told(first)}`];
    if (/^(link|rename)/.test(name)) return [`${name.slice(0, 4)} ${told(second ?? first)}`];
    return [];
  });
}

test('an object in a folder is flushed, named, its folders flushed, and then answered', async (t) => {
  if (lacks(t, 'root', 'strace')) return;
  const lines = ['create a/b/c one', 'create a/b/c one', 'create a/b/d two', 'replace a/b/d three'];
  const { answers, calls, root } = await traced(t, lines);
  assert.deepEqual(answers, ['created', 'same', 'created', 'true']);
  assert.deepEqual(story(root, calls), [
    ...['fsync +unfinished/*', 'mkdir a', 'fsync /', 'mkdir a/b', 'fsync a', 'link a/b/c', 'fsync a/b', 'answer'],
    ...['fsync +unfinished/*', 'fsync a/b', 'answer'],
    ...['fsync +unfinished/*', 'link a/b/d', 'fsync a/b', 'answer'],
    ...['fsync +unfinished/*', 'rena a/b/d', 'fsync a/b', 'answer'],
  ]);
});

test('bytes that could not be flushed get no name, and the next attempt is a new one', async (t) => {
  if (lacks(t, 'root', 'strace')) return;
  const { answers, root } = await traced(t, ['create a one', 'create a one', 'health'], 'fsync:error=EIO:when=1');
  assert.deepEqual(answers, ['storage_unavailable', 'created', 'ok']);
  assert.deepEqual(readdirSync(join(root, '+unfinished')), []);
});

for (const [what, when] of [
  ['new folder', 2],
  ['name', 3],
] as const)
  test(`a ${what} that could not be flushed is not taken for one that was: nothing is written until the next start`, async (t) => {
    if (lacks(t, 'root', 'strace')) return;
    const lines = ['create a/b one', 'create a/b one', 'create c one', 'health'];
    const { answers, root } = await traced(t, lines, `fsync:error=EIO:when=${when}`);
    assert.deepEqual(answers, ['storage_unavailable', 'storage_unavailable', 'storage_unavailable', 'unavailable']);
    assert.equal(existsSync(join(root, 'c')), false);
  });
