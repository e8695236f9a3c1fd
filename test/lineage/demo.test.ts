import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { tourLineage } from '../../src/cli/demo/lineage/lineage-tour.ts';
import { cli, scratchFolder } from '../support/server.ts';
import { workerd } from './homes/homes.ts';

const folder = scratchFolder('lineage-demo');
after(() => folder.remove());

test('the demo: a hundred runs, the server killed in between, every question, an export that verifies', async () => {
  const { code, stderr, stdout } = await cli(['demo', '--lineage', '--exit']);
  const output = stdout + stderr;
  assert.equal(code, 0, output);
  for (const line of [
    /the server is killed \(SIGKILL\) and started again/,
    /sent: 100 runs of 5 services/,
    /checkout: 20 runs, .* 6 changed something, 3 of them for others/,
    /other content under the same run id: refused/,
    /exported and verified offline: 100 runs/,
    /Everything was as it should be\./,
  ])
    assert.match(output, line);
});

test('the same tour leads through the Worker, on R2', async () => {
  const [token, adminToken] = ['ingest-token-of-the-tour', 'admin-token-of-the-tour'];
  const home = await workerd({
    STRICTURE_SERVER_AUTH_MODE: 'token',
    STRICTURE_SERVER_INGEST_TOKEN: token,
    STRICTURE_SERVER_ADMIN_TOKEN: adminToken,
  });
  try {
    const lines: string[] = [];
    const say = (line: string) => void lines.push(line);
    assert.ok(await tourLineage({ url: home.base, token, adminToken, folder: folder.path, say }), lines.join('\n'));
    assert.ok(lines.some((line) => /exported and verified offline: 100 runs/.test(line)));
    const page = await fetch(`${home.base}/lineage/sign-in`);
    assert.deepEqual([page.status, /<h1>Sign in<\/h1>/.test(await page.text())], [200, true]);
    for (const secret of [token, adminToken]) assert.ok(!home.lines.join().includes(secret));
  } finally {
    await home.close();
  }
});
