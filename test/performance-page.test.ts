import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withSections } from '../bench/performance-page.ts';

const titles = ['One', 'Two', 'Three'];

test('a part that is measured again takes the place of its own, and the others stay, in the order of the page', () => {
  const first = withSections(
    '',
    new Map([
      ['Three', 'c\n\n| a | b |\n'],
      ['One', 'a'],
    ]),
    titles,
  );
  assert.match(first, /^# Performance\n[\s\S]*\n## One\n\na\n\n## Three\n\nc\n\n\| a \| b \|\n$/);
  const second = withSections(first, new Map([['Two', 'b']]), titles);
  assert.match(second, /\n## One\n\na\n\n## Two\n\nb\n\n## Three\n\nc\n\n\| a \| b \|\n$/);
  assert.equal(withSections(second, new Map(), titles), second);
});

test('a part that nobody measures any more goes', () => {
  const page = withSections(
    '',
    new Map([
      ['One', 'a'],
      ['Two', 'b'],
    ]),
    titles,
  );
  assert.doesNotMatch(withSections(page, new Map(), ['One']), /Two/);
});
