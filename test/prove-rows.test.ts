import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type NamedFinding, withRows } from './prove-rows.ts';

const jobs = ['relay-cut', 'relay-kills', 'evidence'] as const;
const finding = (job: string, fields: Partial<NamedFinding> = {}): NamedFinding => ({
  job,
  section: job === 'evidence' ? 'captures' : 'relay',
  fault: `fault of ${job}`,
  held: 'something',
  filesystem: 'here',
  rounds: 1_000,
  acknowledged: 2_000,
  violations: [],
  seed: 7,
  ...fields,
});
const rowsOf = (page: string) => page.match(/^\| `.*$/gm) ?? [];

test('a row is written in its section, in the order of the jobs, and only its own row is written anew', () => {
  const page = '# Page\n\nWords.\n\n## Many nodes\n\nMore.\n';
  const first = withRows(page, [finding('evidence'), finding('relay-kills')], jobs, 'one day, abc');
  assert.ok(first.startsWith(page));
  const second = withRows(first, [finding('relay-cut', { rounds: 20 })], jobs, 'the next, def');
  assert.deepEqual(rowsOf(second), [
    '| `relay-cut` | fault of relay-cut | something | here | 20 | 2,000 | 0 | 15 % | 7 |  | the next, def |',
    '| `relay-kills` | fault of relay-kills | something | here | 1,000 | 2,000 | 0 | 0.30 % | 7 |  | one day, abc |',
    '| `evidence` | fault of evidence | something | here | 1,000 | 2,000 | 0 | 0.30 % | 7 |  | one day, abc |',
  ]);
  const third = withRows(second, [finding('relay-kills', { note: 'new' })], jobs, 'later, 123');
  assert.deepEqual(
    rowsOf(third).map((row) => row.split('|').at(-2)),
    [' the next, def ', ' later, 123 ', ' one day, abc '],
  );
  assert.equal(withRows(third, [], jobs), third);
  assert.equal(third.match(/^## /gm)?.length, 3);
  assert.ok(third.endsWith('|\n'));
});

test('what broke is in its row, and a job that is no more leaves none', () => {
  const page = withRows(
    '# Page\n',
    [finding('relay-cut', { violations: ['a | b\nc'] }), finding('relay-kills')],
    jobs,
    'm',
  );
  assert.match(page, /\| 1 \| – \| 7 \| broken: a b c \| m \|\n/);
  const fewer = withRows(page, [], ['relay-cut']);
  assert.deepEqual(rowsOf(fewer).length, 1);
  // A finding without such a section is of the whole run.
  const { section: _, ...plain } = finding('relay-cut');
  assert.equal(withRows('# Page\n', [plain], jobs), '# Page\n');
});
