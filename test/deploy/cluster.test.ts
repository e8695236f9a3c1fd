import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, globSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { RecorderEvent } from '#recorder/recorder-event.ts';
import { api } from '../support/api.ts';
import { lacks } from '../support/needs.ts';
import { startRecorder } from '../support/recorder.ts';
import { cli, repository, scratchFolder } from '../support/server.ts';
import { ask, freePorts, run } from './support.ts';

const folder = scratchFolder('cluster');
// Its services run as several users, and have to get there.
chmodSync(folder.path, 0o711);
const root = join(folder.path, 'root');
const script = join(repository, 'deploy/debian/cluster.sh');
const services = ['postgres', 'valkey', 's3', 'node1', 'node2', 'proxy'];
const call = (command: string, ...options: string[]) => run(script, [command, '--root', root, ...options]);
const pidOf = (name: string) => Number(readFileSync(join(root, 'run', `${name}.pid`), 'utf8').split(' ')[0]);
const isThere = (pid: number) =>
  existsSync(`/proc/${pid}`) && !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));

after(async () => {
  if (existsSync(join(root, 'cluster.conf'))) await call('down', '--destroy');
  folder.remove();
});

/** A user of its own where the checkout can be read by one; in somebody's private folder there is only root. */
function userFor(): string {
  const reads = spawnSync('setpriv', [
    '--reuid=65534',
    '--regid=65534',
    '--clear-groups',
    'test',
    '-x',
    join(repository, 'bin/proofline'),
  ]);
  return reads.status === 0 ? `proofline-t${process.pid}` : 'root';
}

test('deploy/debian/cluster.sh: up, a node dies, a rolling restart under load, a verified bundle, nothing left', async (t) => {
  if (lacks(t, 'root', 'postgres', 'valkey', 'versitygw', 'nginx', 'systemd')) return;
  const first = await freePorts(8);
  const url = `http://127.0.0.1:${first}`;
  const user = userFor();
  const options = ['--user', user, '--first-port', String(first), '--supervisor', 'plain', '--no-install'];
  const up = await call('up', ...options);
  assert.equal(up.code, 0, up.output);
  assert.ok(up.output.includes(`Proofline    ${url}\n`), up.output);
  const pids = services.map(pidOf);

  await t.test('what it wrote is for its owner alone, and its units are such that systemd takes them', async () => {
    const files = globSync(['secrets/*', 'settings/*', 'log/*', 'cluster.conf'], { cwd: root });
    assert.ok(files.length > 15, files.join());
    for (const file of files) assert.equal(statSync(join(root, file)).mode & 0o777, 0o600, file);
    const password = readFileSync(join(root, 'secrets/admin-password'), 'utf8');
    assert.ok(!up.output.includes(password), 'the password is in a file, not on the screen');
    const units = globSync('units/*.service', { cwd: root });
    assert.equal(units.length, services.length);
    for (const unit of units) {
      const verified = await run('systemd-analyze', ['verify', '--man=no', join(root, unit)]);
      assert.deepEqual(verified, { code: 0, output: '' }, unit);
    }
  });

  await t.test('a second up changes nothing', async () => {
    const again = await call('up', ...options);
    assert.equal(again.code, 0, again.output);
    assert.deepEqual(services.map(pidOf), pids);
    const status = await call('status');
    assert.equal(status.code, 0, status.output);
  });

  await t.test(
    'the role that serves requests cannot change the schema, and the store lets its user do nothing else',
    async () => {
      const doctor = await cli(['doctor', '--config', join(root, 'settings/node1.env')]);
      assert.equal(doctor.code, 0, doctor.stdout);
      assert.match(doctor.stdout, /ok {4}s3 writes {6}an object is created once/);
      const dsn = readFileSync(join(root, 'secrets/app-dsn'), 'utf8');
      const ddl = await run('psql', [dsn, '--no-psqlrc', '--command', 'DROP TABLE chunks']);
      assert.match(ddl.output, /must be owner of table chunks/);
      const store = ['S3_ENDPOINT', 'S3_BUCKET', 'S3_ACCESS_KEY_ID_FILE', 'S3_SECRET_ACCESS_KEY_FILE'];
      const lines = readFileSync(join(root, 'settings/node1.env'), 'utf8').split('\n');
      const env = Object.fromEntries(
        lines.map((line) => line.split('=')).filter(([name = '']) => store.some((part) => name === `SAFE_${part}`)),
      );
      const another = await run(process.execPath, [join(repository, 'deploy/s3/make-bucket.mjs')], {
        ...env,
        SAFE_S3_BUCKET: 'another-bucket',
      });
      assert.deepEqual(
        [another.code, another.output.trim()],
        [1, 'make-bucket: the store answered AccessDenied (403)'],
      );
    },
  );

  const recorder = (state: string, chunks: number) =>
    startRecorder(
      [
        ...['--generate', `${chunks}x20000`, '--every', '100ms', '--state', join(folder.path, state), '--server', url],
        ...['--username', 'admin', '--password-file', join(root, 'secrets/admin-password'), '--link', '--close'],
      ],
      {},
    );

  await t.test('a node is killed while a recording goes through the proxy; nothing is missing', async () => {
    const recording = recorder('killed', 40);
    await recording.accepted(8);
    process.kill(pidOf('node1'), 'SIGKILL');
    assert.equal(await recording.ended, 0, recording.stderr());
    const status = await call('status');
    assert.equal(status.code, 1);
    assert.match(status.output, /node1 {2}stopped\nnode2 {2}runs/);
    await assertWhole('killed', recording.events, 40);
    const back = await call('up');
    assert.equal(back.code, 0, back.output);
    assert.deepEqual([pidOf('node1') === pids[3], pidOf('node2') === pids[4]], [false, true]);
  });

  await t.test(
    'a rolling restart of both nodes under load: no request fails that one retry does not mend',
    async () => {
      const recording = recorder('rolled', 60);
      const password = readFileSync(join(root, 'secrets/admin-password'), 'utf8');
      const { token } = (await api(url).call('POST', '/v1/auth/login', { username: 'admin', password })).body;
      const read = async () => {
        const headers = { authorization: `Bearer ${token}` };
        const answer = await ask(`${url}/v1/incidents`, { headers }).catch((error: Error) => error.message);
        if (typeof answer === 'string') return answer;
        return answer.status === 200 ? undefined : `${answer.status} ${answer.body.toString().slice(0, 200)}`;
      };
      let [asked, mended, restarting] = [0, 0, true];
      const failed: string[] = [];
      const reading = (async () => {
        while (restarting) {
          asked += 1;
          if ((await read()) !== undefined) {
            const twice = await read();
            if (twice === undefined) mended += 1;
            else failed.push(twice);
          }
          await new Promise((resolve) => setTimeout(resolve, 60));
        }
      })();
      await recording.accepted(3);
      const restart = await call('restart');
      restarting = false;
      await reading;
      assert.equal(restart.code, 0, restart.output);
      assert.equal(await recording.ended, 0, recording.stderr());
      assert.ok(asked > 10, `${asked} requests`);
      assert.deepEqual(failed, [], `of ${asked} requests`);
      t.diagnostic(`rolling restart: ${asked} requests, ${mended} needed a retry, none failed`);
      await assertWhole('rolled', recording.events, 60);
    },
  );

  await t.test(
    'no log of the proxy or a node has a viewer link, also not of a time when no node answered',
    async () => {
      for (const name of ['node1', 'node2']) process.kill(pidOf(name), 'SIGKILL');
      const answer = await ask(`${url}/i/a-link-that-is-secret`);
      assert.equal(answer.status, 502);
      const logs = globSync('log/*', { cwd: root }).map((file) => readFileSync(join(root, file), 'utf8'));
      assert.ok(logs.length === services.length && logs.join('').includes('"msg":"ready"'));
      assert.ok(!logs.join('').includes('a-link-that-is-secret'));
    },
  );

  await t.test('down --destroy leaves nothing', async () => {
    const last = services.map(pidOf);
    const down = await call('down', '--destroy');
    assert.equal(down.code, 0, down.output);
    assert.ok(!existsSync(root));
    assert.deepEqual([...pids, ...last].filter(isThere), []);
    if (user !== 'root') assert.notEqual(spawnSync('id', [user]).status, 0, 'the user is gone');
  });

  async function assertWhole(state: string, events: readonly RecorderEvent[], chunks: number): Promise<void> {
    const link = events.find((event) => event.event === 'viewer_link');
    assert.ok(link?.event === 'viewer_link', JSON.stringify(events.slice(-3)));
    const page = await ask(link.url);
    assert.equal(page.status, 200);
    const bundle = await ask(`${link.url}/incident/download`);
    assert.equal(bundle.status, 200, bundle.body.toString().slice(0, 300));
    const file = join(folder.path, `${state}.zip`);
    writeFileSync(file, bundle.body);
    const verified = await cli(['verify', file, '--key-file', join(folder.path, state, 'key.json')]);
    assert.equal(verified.code, 0, verified.stdout + verified.stderr);
    assert.match(verified.stdout, new RegExp(`${chunks} of ${chunks} chunks verified`));
  }
});

test('deploy/debian/cluster.sh says what is wrong, and does nothing then', async (t) => {
  if (lacks(t, 'root', 'postgres', 'valkey', 'versitygw', 'nginx')) return;
  const other = join(folder.path, 'other');
  const wrong = async (...args: string[]) => {
    const { code, output } = await run(script, [...args, '--root', other]);
    return `${code} ${output.trim()}`;
  };
  assert.match(await wrong('destroy'), /^2 Usage: /);
  assert.match(await wrong('up', '--port', '1'), /^1 cluster.sh: there is no option --port\n/);
  assert.match(await wrong('status'), /^1 cluster.sh: there is no cluster in .*\n {2}cluster.sh up/);
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  assert.match(
    await wrong('up', '--no-install', '--first-port', String(address.port)),
    new RegExp(`^1 cluster.sh: something else listens on port ${address.port}\n`),
  );
  server.close();
  assert.ok(!existsSync(other));
  mkdirSync(other);
  writeFileSync(join(other, 'something'), '');
  assert.match(await wrong('up', '--no-install'), /^1 cluster.sh: .* is not empty and no cluster of this script\n/);
});
