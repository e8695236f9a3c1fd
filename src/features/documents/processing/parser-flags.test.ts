import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parserFlags } from './parser-flags.ts';

const parsers = fileURLToPath(new URL('./parser/', import.meta.url));
const script = join(parsers, 'testing/escape.child.ts');

/** Without anything of the kernel's: what holds on every machine. */
for (const native of [false, true])
  test(`JavaScript in a parser ${native ? 'with native code ' : ''}can do nothing but parse`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'proofline-parser-'));
    try {
      const secret = join(folder, 'secret');
      writeFileSync(secret, 'secret');
      // The flags are those of a script in the folder of parsers, which this one's folder is part of.
      const args = [...parserFlags(join(parsers, 'parser.child.ts'), native), script, secret, folder];
      const outcomes: Record<string, string> = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
      assert.ok(Object.keys(outcomes).length >= 15);
      const done = Object.keys(outcomes).filter((name) => outcomes[name] !== 'refused');
      assert.deepEqual(done, native ? ['load native code'] : []);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

test('without the flags, most of it works: the test can fail', () => {
  const outcomes: Record<string, string> = JSON.parse(
    execFileSync(process.execPath, [script, script, join(parsers, 'no-such-folder')], { encoding: 'utf8' }),
  );
  for (const name of ['read a file', 'start a program', 'make code']) assert.equal(outcomes[name], 'done', name);
});
