/** `proofline doctor --blobs` over a store that has something of everything: what is whole, what is damaged, what nobody names. */
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { newId } from '#kit/ids.ts';
import { seeded } from '../support/random.ts';
import { cli, scratchFolder } from '../support/server.ts';
import { makeVariedStore } from './varied-store.ts';

const folder = scratchFolder('doctor-blobs');
const dataDir = join(folder.path, 'source');
before(() => makeVariedStore({ dataDir }, seeded(3), 2));
after(() => folder.remove());

interface Line {
  kind?: string;
  [field: string]: unknown;
}

async function doctor(...args: string[]): Promise<{ code: number | null; findings: Line[]; totals: Line }> {
  const { code, stdout } = await cli(['doctor', '--blobs', '--json', ...args], { SAFE_DATA_DIR: dataDir });
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line): Line => JSON.parse(line));
  return { code, findings: lines.filter(({ kind }) => kind !== undefined), totals: lines.at(-1) ?? {} };
}

const blobs = (pattern: string) => globSync(`blobs/${pattern}`, { cwd: dataDir }).sort();
const inPlace = (path: string) => join(dataDir, path);

test('nothing is said of a store in which all is as it should be', async () => {
  const { code, findings, totals } = await doctor('--hash');
  assert.deepEqual(findings, []);
  assert.equal(code, 0);
  const documents = blobs('users/*/documents/*/*').length;
  assert.ok(documents >= 2);
  assert.equal(totals.rows, Number(totals.chunks) + documents + 1, 'chunks, documents, and a part of an upload');
  assert.equal(totals.blobs, totals.rows);
});

test('what no row names is told with its age, and is not bad', async () => {
  const [version = ''] = blobs('users/*/documents/*/*');
  const [part = ''] = blobs('uploads/*/*');
  const hoursAgo = (hours: number) => newId('upo', Date.now() - hours * 3_600_000).slice(4);
  const strays = [`${dirname(version)}/1-${hoursAgo(5)}`, `${dirname(part)}/0-${hoursAgo(2)}`];
  for (const path of strays) copyFileSync(inPlace(version), inPlace(path));
  mkdirSync(inPlace('blobs/users/acct_x/documents'), { recursive: true });
  writeFileSync(inPlace('blobs/users/acct_x/documents/notes.txt'), 'mine');
  const { code, findings, totals } = await doctor();
  assert.equal(code, 0);
  const found = new Map(findings.map((finding) => [finding.path, finding]));
  for (const [n, seconds] of [18_000, 7200].entries()) {
    const finding = found.get(strays[n]?.slice('blobs/'.length));
    assert.equal(finding?.kind, 'stray');
    assert.ok(Math.abs(Number(finding?.ageSeconds) - seconds) < 300, `${finding?.ageSeconds} is not ${seconds}`);
  }
  assert.equal(found.get('users/acct_x/documents/notes.txt')?.kind, 'foreign');
  assert.deepEqual([totals.stray, totals.foreign, totals.missing, totals.different], [2, 1, 0, 0]);
  const { stdout } = await cli(['doctor', '--blobs'], { SAFE_DATA_DIR: dataDir });
  assert.match(stdout, /is named by no row, and 5 hours old/);
  for (const path of [...strays, 'blobs/users/acct_x/documents/notes.txt']) rmSync(inPlace(path));
});

test('a document whose bytes are gone, and a part that differs, are bad', async () => {
  const [version = ''] = blobs('users/*/documents/*/*');
  const [part = ''] = blobs('uploads/*/*');
  rmSync(inPlace(version));
  chmodSync(inPlace(part), 0o600);
  const bytes = readFileSync(inPlace(part));
  writeFileSync(
    inPlace(part),
    bytes.map((byte) => byte ^ 1),
  );
  const missing = {
    kind: 'missing',
    table: 'document_versions',
    id: `${version.split('/').at(-2)}/1`,
    belongsTo: version.split('/').at(-2),
  };
  const bySize = await doctor();
  assert.equal(bySize.code, 1);
  assert.deepEqual(bySize.findings, [missing]);
  const byHash = await doctor('--hash');
  const uploadId = part.split('/').at(-2);
  assert.deepEqual(byHash.findings, [
    missing,
    { kind: 'different', table: 'resumable_parts', id: `${uploadId}/0`, belongsTo: uploadId },
  ]);
});
