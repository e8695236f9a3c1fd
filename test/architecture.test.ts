import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { breaches, graph, importsOf, slices } from './support/import-rules.ts';
import { repository } from './support/server.ts';

const sources = new Map(
  globSync('src/**/*.ts', { cwd: repository })
    .sort()
    .map((path) => [path, readFileSync(join(repository, path), 'utf8')]),
);

test('imports go in one direction, slices meet at their index.ts, nothing goes in circles', (t) => {
  assert.ok(sources.size > 100);
  for (const edge of graph(sources)) t.diagnostic(edge);
  assert.deepEqual(breaches(sources), []);
});

test('every slice is in the list, and every listed edge is used: what nobody needs is not allowed', () => {
  const present = new Set([...sources.keys()].map((path) => /^src\/features\/([^/]+)\//.exec(path)?.[1]));
  present.delete(undefined);
  assert.deepEqual([...present].sort(), Object.keys(slices).sort());
  const used = graph(sources);
  for (const [slice, others] of Object.entries(slices))
    for (const other of others)
      assert.ok(
        used.some((edge) => edge.startsWith(`features/${slice} -> features/${other} `)),
        `${slice} -> ${other}`,
      );
});

test('the check finds what it is for', () => {
  const seeded: [string, string, RegExp][] = [
    ['src/kit/new.ts', "import { readFile } from 'node:fs';", /node:fs in a part that also runs in browsers/],
    ['src/client/new.ts', "import type { Hash } from 'node:crypto';", /node:crypto in a part/],
    ['src/kit/new.ts', "import { log } from '#platform/process/log.ts';", /kit must not know platform/],
    ['src/platform/new.ts', "export { route } from '#http/route.ts';", /platform must not know http/],
    [
      'src/http/new.ts',
      "import {\n  accountRoutes,\n  logIn,\n} from '#features/accounts/index.ts';",
      /http must not know features/,
    ],
    ['src/http/new.ts', "import '../compose/config.ts';", /http must not know compose/],
    [
      'src/features/audit/new.ts',
      "import { logIn } from '#features/accounts/index.ts';",
      /audit must not know accounts/,
    ],
    [
      'src/features/accounts/new.ts',
      "import { incidentById } from '../incidents/index.ts';",
      /accounts must not know incidents/,
    ],
    [
      'src/features/viewer/new.ts',
      "import { streamOf } from '#features/incidents/streams/streams.store.ts';",
      /past the index\.ts/,
    ],
    ['src/features/viewer/new.ts', "const x = await import('#features/admin/index.ts');", /viewer must not know admin/],
    ['src/compose/new.ts', "import { logIn } from '#features/accounts/log-in.ts';", /past the index\.ts/],
    [
      'src/cli/new.ts',
      "import { accountTransactions } from '#features/accounts/transactions.ts';",
      /past the index\.ts/,
    ],
    ['src/recorder/new.ts', "import { log } from '#platform/process/log.ts';", /recorder must not know platform/],
    ['src/features/new/new.ts', "import { x } from '#features/audit/index.ts';", /new must not know audit/],
    ['src/elsewhere/new.ts', "import { x } from '#kit/ids.ts';", /no known part/],
    ['src/http/string-utils.ts', '', /says nothing/],
    ['src/kit/helpers/text.ts', '', /says nothing/],
    ['src/kit/new.ts', 'export default 1;', /default export/],
    ['src/kit/time.ts', "import { newId } from './ids.ts';\nexport * from './bytes.ts';", /^$/],
  ];
  for (const [path, source, expected] of seeded) {
    const found = breaches(new Map([...sources, [path, source]]));
    if (expected.source === '^$') assert.deepEqual(found, [], path);
    else assert.match(found.join('\n'), expected, `${path}: ${source}`);
  }
  const circle = new Map([
    ['src/kit/a.ts', "import { b } from './b.ts';"],
    ['src/kit/b.ts', "import { a } from './a.ts';"],
  ]);
  assert.deepEqual(breaches(circle), ['a cycle: src/kit/a.ts -> src/kit/b.ts -> src/kit/a.ts']);
  const onlyTypes = new Map([...circle, ['src/kit/b.ts', "import type { a } from './a.ts';"]]);
  assert.deepEqual(breaches(onlyTypes), []);
});

test('the parser of the check sees every form of import that the house uses', () => {
  const source = `import a from 'one';
import type { B } from './two.ts';
import { c, type D } from '#kit/three.ts';
import * as e from './four.ts';
import './five.ts';
export { f } from './six.ts';
export * from './seven.ts';
export type { G } from './eight.ts';
const text = 'from elsewhere';
const h = () => import('./nine.ts');`;
  assert.deepEqual(
    importsOf('src/http/x.ts', source).map(({ to, typeOnly }) => `${typeOnly ? 'type ' : ''}${to}`),
    [
      'one',
      'type src/http/two.ts',
      'src/kit/three.ts',
      'src/http/four.ts',
      'src/http/five.ts',
      'src/http/six.ts',
      'src/http/seven.ts',
      'type src/http/eight.ts',
      'src/http/nine.ts',
    ],
  );
});
