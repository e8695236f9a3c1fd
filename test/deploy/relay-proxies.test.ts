import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connect } from 'node:tls';
import { type Edge, openEdge } from '../relay/support/edge.ts';
import { upload } from '../relay/support/relay-process.ts';
import { lacks } from '../support/needs.ts';
import { head } from '../support/raw-request.ts';
import { repository } from '../support/server.ts';
import { ask, freePorts, makeCertificate, until } from './support.ts';

// The two files of deploy/proxy for a relay, as an operator gets them: nothing is changed in them but addresses, names and places.
const read = (name: string) => readFileSync(join(repository, 'deploy/proxy', name), 'utf8');
const path = `${process.env.PATH}:/usr/sbin`;
let edge: Edge;

before(async () => {
  edge = await openEdge('proxies', { relayEnv: { SAFE_TRUSTED_PROXIES: '127.0.0.1' } });
});
after(() => edge.close());

interface Proxy {
  port: number;
  ca: () => Buffer;
  command: readonly [string, ...string[]];
  env: Record<string, string>;
}

async function nginx(): Promise<Proxy> {
  const port = await freePorts(1);
  const home = join(edge.folder, 'nginx');
  mkdirSync(home);
  const { certificate, key } = await makeCertificate(home);
  const site = read('nginx-relay.conf')
    .replace('127.0.0.1:8082;', `${new URL(edge.relay.url).host};`)
    .replace('listen 443 ssl', `listen 127.0.0.1:${port} ssl`)
    .replace(/^ {4}listen \[::\]:443 ssl;\n/m, '')
    .replace('relay.example.org;', 'localhost;')
    .replace(/\/etc\/letsencrypt\S+fullchain.pem/, certificate)
    .replace(/\/etc\/letsencrypt\S+privkey.pem/, key);
  assert.ok(!/\b443\b|letsencrypt/.test(site), site);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${home}/${name};`,
  );
  const main = ['daemon off;', 'worker_processes 1;', `pid ${home}/pid;`, 'error_log stderr error;', 'events {}'];
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  const config = join(home, 'nginx.conf');
  writeFileSync(config, `${user}${main.join('\n')}\nhttp {\n${temporary.join('\n')}\n${site}}\n`);
  return {
    port,
    ca: () => readFileSync(certificate),
    command: ['nginx', '-c', config, '-p', home],
    env: { PATH: path },
  };
}

async function caddy(): Promise<Proxy> {
  const port = await freePorts(1);
  const home = join(edge.folder, 'caddy');
  mkdirSync(home);
  const config = join(home, 'Caddyfile');
  // Certificates of its own instead of asked for in the internet, no second listener, no administration.
  const here = 'admin off\n\tauto_https disable_redirects\n\tskip_install_trust\n\tlocal_certs\n';
  writeFileSync(config, read('relay.Caddyfile').replace('{\n\t#', `{\n\t${here}\t#`));
  return {
    port,
    ca: () => readFileSync(join(home, 'caddy/pki/authorities/local/root.crt')),
    command: ['caddy', 'run', '--config', config, '--adapter', 'caddyfile'],
    env: {
      PATH: path,
      HOME: home,
      XDG_DATA_HOME: home,
      XDG_CONFIG_HOME: home,
      PROOFLINE_RELAY_SITE: `https://localhost:${port}`,
      PROOFLINE_RELAY: new URL(edge.relay.url).host,
    },
  };
}

for (const [name, prepare] of [
  ['nginx', nginx],
  ['caddy', caddy],
] as const)
  test(`${name} before a relay: uploads pass as they come, refusals come before the body, and nothing else passes`, async (t) => {
    if (lacks(t, name, 'openssl')) return;
    const { port, ca, command, env } = await prepare();
    const child = spawn(command[0], command.slice(1), { env });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()));
    const exited = once(child, 'exit');
    t.after(async () => {
      child.kill('SIGTERM');
      await exited;
    });
    const url = `https://localhost:${port}`;
    const seen = async () => await ask(`${url}/relay/v1/`, { ca: ca() });
    await until(
      () =>
        seen().then(
          () => true,
          () => false,
        ),
      `${name} answers: ${output}`,
    );

    const place = await edge.openStream();
    const capability = await edge.capability(place);
    const chunk = upload({ ...place, capability, body: randomBytes(8_000_000) });
    const sent = await ask(url + chunk.path, { method: 'PUT', headers: chunk.headers, body: chunk.body, ca: ca() });
    assert.equal(sent.status, 201, sent.body.toString());
    assert.match(sent.headers['strict-transport-security'] ?? '', /max-age=31536000/);

    // The answer is there long before the body is: the proxy did not gather it. Caddy hands it on with the next bytes of the client.
    const refused = upload({ ...place, index: 2, capability: 'made-up' });
    const bodyBytes = 80_000_000;
    const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: ca() });
    t.after(() => socket.destroy());
    await once(socket, 'secureConnect');
    let answer = '';
    socket.on('error', () => undefined).on('data', (data: Buffer) => (answer += data.toString()));
    socket.write(
      head('PUT', refused.path, { ...refused.headers, Host: `localhost:${port}`, 'content-length': bodyBytes }),
    );
    let pushed = 0;
    for (; answer === '' && pushed < bodyBytes; pushed += 10_000) {
      socket.write(Buffer.alloc(10_000));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.match(answer, /^HTTP\/1.1 401 /);
    assert.ok(pushed < bodyBytes / 10, `${pushed} bytes before the answer`);

    for (const other of ['/health/ready', '/metrics', '/v1/incidents', '/'])
      assert.equal((await ask(url + other, { ca: ca() })).status, 404, other);
    assert.ok(!output.includes(place.incidentId) && !output.includes(capability), output);
  });
