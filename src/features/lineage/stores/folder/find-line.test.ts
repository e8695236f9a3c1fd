import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { formatLine, type RunLine } from '../../record/run-line.ts';
import { findLine } from './find-line.ts';

function line(n: number, ms: number): RunLine {
  const received_at = new Date(Date.UTC(2026, 0, 2) + ms).toISOString();
  return { received_at, run_id: `run-${n}`, sha256: String(n).padStart(64, '0'), bytes: n, impact: 'none' };
}

describe('the line of a run', () => {
  const folder = mkdtempSync(join(tmpdir(), 'proofline-lines-'));
  const path = join(folder, 'date=2026-01-02.jsonl');
  let lines: RunLine[] = [];

  before(() => {
    lines = Array.from({ length: 20_000 }, (_, n) => line(n, n * 4));
    // Many of the same time; and three far from where they would be looked for.
    for (let n = 9000; n < 12_000; n++) lines[n] = line(n, 36_000);
    for (const [n, ms] of [
      [100, 79_000],
      [15_000, 3],
      [19_999, 500],
    ] as const)
      lines[n] = line(n, ms);
    writeFileSync(path, lines.map(formatLine).join(''));
  });
  after(() => rmSync(folder, { recursive: true }));

  test('is found wherever it stands', async () => {
    const looked = [0, 1, 99, 100, 101, 9000, 10_500, 11_999, 15_000, 15_001, 19_998, 19_999];
    for (const n of looked) assert.deepEqual(await findLine(path, lines[n] ?? assert.fail()), lines[n]);
  });

  test('is not the one of another time or another run', async () => {
    const one = lines[5000] ?? assert.fail();
    assert.equal(await findLine(path, { ...one, run_id: 'run-500' }), undefined);
    assert.equal(await findLine(path, { ...one, received_at: '2026-01-02T00:00:20.001Z' }), undefined);
    assert.equal(await findLine(join(folder, 'none'), one), undefined);
  });

  test('is found in a small manifest, and not in a torn last line', async () => {
    const small = join(folder, 'small');
    writeFileSync(small, lines.slice(0, 3).map(formatLine).join('').slice(0, -1));
    assert.deepEqual(await findLine(small, lines[1] ?? assert.fail()), lines[1]);
    assert.equal(await findLine(small, lines[2] ?? assert.fail()), undefined);
  });
});
