import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { sha256 } from '../support/api.ts';
import { lacks } from '../support/needs.ts';
import {
  adminPassword,
  createAccount,
  repository,
  scratchFolder,
  startServer,
  type TestServer,
} from '../support/server.ts';
import { ask, freePorts, makeCertificate, run, until } from './support.ts';

// The files of deploy/proxy as an operator gets them: nothing is changed in them but addresses, names and places.
const folder = scratchFolder('proxies');
const read = (name: string) => readFileSync(join(repository, 'deploy/proxy', name), 'utf8');
let server: TestServer;
let node: string;
let deadNode: string;

before(async () => {
  const dataDir = join(folder.path, 'data');
  const env = { SAFE_TRUSTED_PROXIES: '127.0.0.1' };
  await createAccount(dataDir, 'ada', 'admin');
  server = await startServer({ dataDir, env });
  node = new URL(server.url).host;
  deadNode = `127.0.0.1:${await freePorts(1)}`;
});

after(async () => {
  await server.stop();
  folder.remove();
});

interface Proxy {
  url: string;
  ca: Buffer;
  log: () => string;
  stop(): Promise<void>;
}

async function startNginx(nodes: readonly string[]): Promise<Proxy> {
  const port = await freePorts(1);
  const home = join(folder.path, `nginx-${port}`);
  mkdirSync(join(home, 'snippets'), { recursive: true });
  const { certificate, key } = await makeCertificate(home);
  const lines = nodes.map((host) => `    server ${host} max_fails=1 fail_timeout=1s;`).join('\n');
  const site = read('nginx.conf')
    .replace(/^ {4}server 127\.0\.0\.1:8080 .*$/m, lines)
    .replace('listen 443 ssl', `listen 127.0.0.1:${port} ssl`)
    .replace(/^ {4}listen \[::\]:443 ssl;\n/m, '')
    .replace('evidence.example.org;', 'localhost;')
    .replace(/\/etc\/letsencrypt\S+fullchain.pem/, certificate)
    .replace(/\/etc\/letsencrypt\S+privkey.pem/, key);
  assert.ok(!/\b443\b|letsencrypt/.test(site), site);
  writeFileSync(join(home, 'snippets/nginx-proofline.conf'), read('nginx-proofline.conf'));
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${home}/${name};`,
  );
  const main = ['daemon off;', 'worker_processes 1;', `pid ${home}/pid;`, 'error_log stderr error;', 'events {}'];
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  const config = join(home, 'nginx.conf');
  writeFileSync(config, `${user}${main.join('\n')}\nhttp {\n${temporary.join('\n')}\n${site}}\n`);
  const tried = await run('nginx', ['-t', '-c', config, '-p', home], { PATH: `${process.env.PATH}:/usr/sbin` });
  assert.equal(tried.code, 0, tried.output);
  const child = spawn('nginx', ['-c', config, '-p', home], { env: { PATH: `${process.env.PATH}:/usr/sbin` } });
  return await running(child, `https://127.0.0.1:${port}`, () => readFileSync(certificate));
}

async function startCaddy(nodes: readonly string[]): Promise<Proxy> {
  const port = await freePorts(1);
  const home = join(folder.path, `caddy-${port}`);
  mkdirSync(home, { recursive: true });
  // Certificates of its own instead of asked for in the internet, no second listener, no administration.
  const here = 'admin off\n\tauto_https disable_redirects\n\tskip_install_trust\n\tlocal_certs\n';
  const config = join(home, 'Caddyfile');
  writeFileSync(config, read('Caddyfile').replace('{\n\t#', `{\n\t${here}\t#`));
  assert.ok(readFileSync(config, 'utf8').includes('admin off'));
  const child = spawn('caddy', ['run', '--config', config, '--adapter', 'caddyfile'], {
    env: {
      PATH: process.env.PATH,
      HOME: home,
      XDG_DATA_HOME: home,
      XDG_CONFIG_HOME: home,
      PROOFLINE_SITE: `https://localhost:${port}`,
      PROOFLINE_NODES: nodes.join(' '),
    },
  });
  return await running(child, `https://localhost:${port}`, () =>
    readFileSync(join(home, 'caddy/pki/authorities/local/root.crt')),
  );
}

async function running(child: ChildProcess, url: string, authority: () => Buffer): Promise<Proxy> {
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (data: Buffer) => {
      output += data.toString();
    });
  const exited = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGTERM');
    await exited;
  };
  const answers = async () => {
    assert.equal(child.exitCode, null, output);
    try {
      await ask(`${url}/openapi.json`, { ca: authority() });
      return true;
    } catch {
      return false; // it does not listen yet, or has not made its certificates
    }
  };
  try {
    await until(answers, `the proxy answers: ${output}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, ca: authority(), log: () => output, stop };
}

/** Caddy 2.6 does not offer a body to a second node: what meets one that has just gone gets a 502, and whoever sent it tries again. */
for (const [name, start, tries] of [
  ['nginx', startNginx, 1],
  ['caddy', startCaddy, 2],
] as const) {
  test(`${name}: a chunk of 30 MB, the viewer and the bundle through it; a node that is gone costs ${tries === 1 ? 'nothing' : 'one retry'}`, async (t) => {
    if (lacks(t, name, 'openssl')) return;
    const proxy = await start([deadNode, node]);
    try {
      const { ca } = proxy;
      let token = '';
      const send = async (path: string, wanted: Parameters<typeof ask>[1]) => {
        let answer = await ask(`${proxy.url}${path}`, wanted);
        for (let tried = 1; tried < tries && answer.status === 502; tried++)
          answer = await ask(`${proxy.url}${path}`, wanted);
        return answer;
      };
      const call = async (method: string, path: string, body: unknown) => {
        const answer = await send(path, {
          method,
          ca,
          body: JSON.stringify(body),
          headers: {
            'content-type': 'application/json',
            ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
          },
        });
        assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.body}`);
        return JSON.parse(answer.body.toString());
      };
      ({ token } = await call('POST', '/v1/auth/login', { username: 'ada', password: adminPassword }));
      const { incident_id: incident } = await call('POST', '/v1/incidents', {});
      const { stream } = await call('POST', `/v1/incidents/${incident}/streams`, { media_type: 'video' });
      const bytes = randomBytes(30_000_000);
      const uploaded = await send(`/v1/incidents/${incident}/streams/${stream.id}/chunks/1`, {
        method: 'PUT',
        ca,
        body: bytes,
        headers: {
          authorization: `Bearer ${token}`,
          'idempotency-key': randomUUID(),
          'repr-digest': `sha-256=:${sha256(bytes).toString('base64')}:`,
          'proofline-started-at': '2026-01-01T00:00:00Z',
          'proofline-ended-at': '2026-01-01T00:00:02Z',
        },
      });
      assert.equal(uploaded.status, 201, uploaded.body.toString());
      const link = await call('POST', `/v1/incidents/${incident}/incident-tokens`, {});
      const page = await ask(`${proxy.url}/i/${link.token}`, { ca });
      assert.equal(page.status, 200);
      assert.match(page.headers['strict-transport-security'] ?? '', /max-age=31536000/);
      assert.match(page.body.toString(), /<!doctype html>/i);
      await call('POST', `/v1/incidents/${incident}/streams/${stream.id}/complete`, { expected_chunk_count: 1 });
      const bundle = await ask(`${proxy.url}/i/${link.token}/incident/download`, { ca });
      assert.equal(bundle.status, 200);
      assert.ok(bundle.body.includes(bytes.subarray(0, 4096)), 'the bundle has the bytes');
    } finally {
      await proxy.stop();
    }
  });

  test(`${name}: its log has no viewer link, also not of a time when no node answers`, async (t) => {
    if (lacks(t, name, 'openssl')) return;
    const proxy = await start([deadNode]);
    try {
      const answer = await ask(`${proxy.url}/i/a-link-that-is-secret`, { ca: proxy.ca });
      assert.ok([502, 503].includes(answer.status), String(answer.status));
    } finally {
      await proxy.stop();
    }
    assert.ok(!proxy.log().includes('a-link-that-is-secret'), proxy.log());
  });
}
