import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { scratchFolder } from '../server.ts';
import { createBucket, listening, type TestS3, testKeys } from './s3-server.ts';
import { unusedPort } from './unused-port.ts';

const run = promisify(execFile);

/** Ceph's object gateway: one monitor, one OSD in memory, one gateway; about two seconds and 250 MB. Needs 'radosgw'. */
export async function startRadosgw(): Promise<TestS3> {
  const folder = scratchFolder('radosgw');
  const pids: number[] = [];
  try {
    const endpoint = await start(folder.path, pids);
    return {
      endpoint,
      ...testKeys,
      pids,
      createBucket: (kind) => createBucket(endpoint, kind),
      async stop() {
        await end(pids);
        folder.remove();
      },
    };
  } catch (error) {
    await end(pids);
    folder.remove();
    throw error;
  }
}

async function start(folder: string, pids: number[]): Promise<string> {
  const at = (name: string) => join(folder, name);
  for (const name of ['mon', 'osd', 'rgw', 'run']) mkdirSync(at(name));
  const [keyring, conf, cluster] = [at('keyring'), at('ceph.conf'), randomUUID()];
  const [port, ...monitor] = [await unusedPort(), await unusedPort(), await unusedPort()];
  const address = `[v2:127.0.0.1:${monitor[0]},v1:127.0.0.1:${monitor[1]}]`;
  writeFileSync(conf, configuration(folder, { cluster, address, port }));
  // Each tool reads the configuration from here, so that none finds one of the machine's own.
  const env = { PATH: `${process.env.PATH}:/usr/sbin:/sbin`, CEPH_CONF: conf, HOME: folder };
  const call = (tool: string, ...args: string[]) => run(tool, args, { env, cwd: folder });

  await call('ceph-authtool', '--create-keyring', keyring, '--gen-key', '-n', 'mon.', '--cap', 'mon', 'allow *');
  for (const who of ['client.admin', 'client.rgw', 'osd.0']) {
    const caps = ['mon', 'osd', 'mgr'].flatMap((daemon) => ['--cap', daemon, 'allow *']);
    await call('ceph-authtool', keyring, '--gen-key', '-n', who, ...caps);
  }
  await call('monmaptool', '--create', '--clobber', '--fsid', cluster, '--addv', 'a', address, at('monmap'));
  await call('ceph-mon', '--mkfs', '-c', conf, '-i', 'a', '--monmap', at('monmap'), '--keyring', keyring);
  await call('ceph-mon', '-c', conf, '-i', 'a');
  pids.push(Number(readFileSync(at('run/mon.a.pid'), 'utf8')));
  const osd = randomUUID();
  await call('ceph', '-c', conf, 'osd', 'new', osd, '0');
  await call('ceph-osd', '-c', conf, '-i', '0', '--mkfs', '--osd-uuid', osd);
  await call('ceph-osd', '-c', conf, '-i', '0');
  pids.push(Number(readFileSync(at('run/osd.0.pid'), 'utf8')));
  for (let i = 0; !(await call('ceph', '-c', conf, 'osd', 'stat')).stdout.includes('1 up'); i++) {
    if (i === 100) throw new Error('the OSD did not come up');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }

  const gateway = spawn('radosgw', ['-c', conf, '-n', 'client.rgw', '-f', '-k', keyring], { env, stdio: 'ignore' });
  await once(gateway, 'spawn');
  pids.unshift(gateway.pid ?? 0);
  await listening(port, 60_000);
  const asAdmin = ['-c', conf, '-n', 'client.rgw', '-k', keyring];
  const keys = [`--access-key=${testKeys.accessKey}`, `--secret-key=${testKeys.secretKey}`];
  await call('radosgw-admin', ...asAdmin, 'user', 'create', '--uid=test', '--display-name=test', ...keys);
  return `http://127.0.0.1:${port}`;
}

interface Addresses {
  cluster: string;
  address: string;
  port: number;
}

/**
 * Keys are needed: without them the gateway hangs. One copy, few placement groups and no background work keep it small.
 * The monitor collects changes for a second by default, and every pool that the gateway makes takes several of them.
 */
function configuration(folder: string, { cluster, address, port }: Addresses): string {
  return `[global]
fsid = ${cluster}
mon initial members = a
mon host = ${address}
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
auth allow insecure global id reclaim = false
run dir = ${folder}/run
admin socket = ${folder}/run/$name.asok
pid file = ${folder}/run/$name.pid
log file = /dev/null
keyring = ${folder}/keyring
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pgp num = 8
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
paxos propose interval = 0.02
paxos min wait = 0.01
mon data avail crit = 1
mon data avail warn = 2
osd heartbeat grace = 60
[mon.a]
mon data = ${folder}/mon
[osd]
osd objectstore = memstore
memstore device bytes = 12884901888
osd data = ${folder}/osd
osd class load list = *
osd class default list = *
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:${port}
rgw enable usage log = false
rgw dynamic resharding = false
rgw run sync thread = false
rgw enable gc threads = false
rgw enable lc threads = false
rgw data = ${folder}/rgw
`;
}

/** Only processes that were started here, by their ids. */
async function end(pids: readonly number[]): Promise<void> {
  for (const pid of pids) if (pid > 0) tryKill(pid, 'SIGKILL');
  for (let i = 0; i < 100 && pids.some((pid) => pid > 0 && tryKill(pid, 0)); i++)
    await new Promise((resolve) => setTimeout(resolve, 50));
}

function tryKill(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
