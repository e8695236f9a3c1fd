import assert from 'node:assert/strict';
import { glob, readFile } from 'node:fs/promises';
import { test } from 'node:test';

const specifier = /(?:\bfrom\s*|\bimport\s*\(?\s*)'([^']+)'/g;
/** Names that exist only in Node; a browser would stop at the first one. */
const nodeOnly = /\b(Buffer|process|__dirname|__filename|setImmediate|require)\b(?!:)/;

/** Drops comments, in which a person may well speak of Node. */
function codeOf(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:])\/\/.*$/gm, '$1');
}

test('the client imports nothing but itself and the kit, and uses nothing that only Node has', async () => {
  const root = new URL('../', import.meta.url);
  const seen: string[] = [];
  for await (const path of glob(['client/**/*.ts', 'kit/**/*.ts'], { cwd: root })) {
    if (path.endsWith('.test.ts')) continue;
    seen.push(path);
    const code = codeOf(await readFile(new URL(path, root), 'utf8'));
    for (const [, target = ''] of code.matchAll(specifier)) {
      const allowed = path.startsWith('kit/') ? /^(\.\.?\/|#kit\/)/ : /^(\.\.?\/|#kit\/|#client\/)/;
      assert.match(target, allowed, `${path} imports ${target}`);
      if (target.startsWith('.')) {
        const resolved = new URL(target, new URL(path, root)).pathname.slice(root.pathname.length);
        assert.match(resolved, /^(client|kit)\//, `${path} imports ${target}`);
      }
    }
    assert.equal(nodeOnly.exec(code)?.[0], undefined, `${path} uses a name that only Node has`);
  }
  assert.ok(seen.length > 15, 'the test looked at the wrong folder');
});

test('the check above sees what it forbids', () => {
  assert.deepEqual(
    [..."import { a } from 'node:fs'; export * from 'zod'; await import('x')".matchAll(specifier)].map(
      ([, target]) => target,
    ),
    ['node:fs', 'zod', 'x'],
  );
  assert.match('Buffer.from(x)', nodeOnly);
  assert.doesNotMatch(codeOf('// process.exit\nlet a = 1; /* Buffer */'), nodeOnly);
});
