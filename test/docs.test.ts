import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { sections } from '#compose/config.ts';
import { errorCodes } from '#kit/error-codes.ts';
import { repository } from './support/server.ts';

const run = promisify(execFile);
const docs = (name: string) => readFileSync(join(repository, 'docs', name), 'utf8');

test('the pages that are made from the code are as the code says', async () => {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('SAFE_')));
  const { stdout } = await run(process.execPath, [join(repository, 'scripts/docs.ts'), '--check'], { env });
  assert.equal(stdout, 'docs are as the code says\n');
});

test('every setting and every code is on its page, and the links inside of the pages lead somewhere', () => {
  for (const setting of Object.values(sections).flatMap((section) => Object.values(section)))
    assert.ok(docs('configuration.md').includes(`\`${setting.env}\``), setting.env);
  for (const code of Object.keys(errorCodes))
    if (code !== 'blob_conflict') assert.ok(docs('errors.md').includes(`\`${code}\``), code);
  for (const page of ['api.md', 'errors.md', 'configuration.md', 'scaling.md']) {
    for (const [, file = '', anchor] of docs(page).matchAll(/\]\(([a-z./]*)(?:#([^)]+))?\)/g)) {
      const target = file === '' ? page : file;
      assert.ok(existsSync(join(repository, 'docs', target)), `${page} links to ${target}`);
      if (anchor === undefined) continue;
      const anchors = [...docs(target).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
        heading
          .toLowerCase()
          .replace(/[^a-z0-9 _-]/g, '')
          .replaceAll(' ', '-'),
      );
      assert.ok(anchors.includes(anchor), `${page}: ${target}#${anchor}`);
    }
  }
});
