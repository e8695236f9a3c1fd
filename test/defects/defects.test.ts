import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { told } from '../support/finding.ts';
import { defects } from './defects.ts';
import { copyTree, plant, seedDefects } from './seed-defect.ts';

test('every defect can still be planted in the source', () => {
  assert.ok(defects.length >= 15);
  const tree = copyTree();
  try {
    for (const defect of defects) {
      const before = defect.edits.map(
        ({ file }) => [join(tree.path, file), readFileSync(join(tree.path, file))] as const,
      );
      plant(tree, defect);
      for (const [path, source] of before) writeFileSync(path, source);
    }
  } finally {
    tree.remove();
  }
});

test('three defects are caught; npm run prove tries them all', async () => {
  const only = [
    'the stream is not judged again in the transaction',
    'any refusal removes the blob, whoever made it',
    'the hash of what arrived is not compared',
  ];
  const found = await seedDefects({ only });
  assert.equal(told(found.violations), '');
  assert.equal(found.rounds, only.length);
});
