import { once } from 'node:events';
import { failpointNames } from '../kill/failpoints.ts';
import type { Condition } from '../support/tcp-proxy.ts';
import { type Link, leaseTtlMs } from './cluster.ts';
import { type Fault, wait } from './storm.ts';

/** kill -9 at any instant; the clients go on at the other node. */
export const killAtRandom: Fault = {
  fault: 'kill -9 of one of two nodes, at any instant',
  strike: async (field) => {
    const node = field.anyNode();
    await node.server.kill();
    await wait(field.random.between(0, 400));
    await field.cluster.restart(node);
  },
};

/** kill -9 at each of the named places in turn, beginning with one; one round is one kill. */
export const killAtFailpoints = (first = 0): Fault => ({
  fault: `kill -9 of one of two nodes, at ${failpointNames('node').length} named failpoints`,
  strike: async (field, round) => {
    const names = failpointNames('node');
    const name = names[(first + round - 1) % names.length] ?? '';
    const node = field.anyNode();
    const nth = name.includes('deletion') || name.includes('removal') ? 1 : field.random.between(1, 3);
    await node.server.stop();
    await field.cluster.restart(node, { PROOFLINE_FAILPOINT: `${name}:${nth}` });
    const { process } = node.server;
    const died = once(process, 'exit');
    const reached = await Promise.race([
      died.then(() => true),
      field.loadEnds.then(() => wait(1_000)).then(() => false),
    ]);
    if (!reached) await node.server.kill();
    if (!reached) field.missed.push(name);
    await field.cluster.restart(node);
  },
  load: { turns: 8, sizes: [100, 4096, 65_536, 300_000] },
});

export const freezeHolder: Fault = {
  fault: 'SIGSTOP of one of two nodes past the end of its leases, then SIGCONT',
  strike: async (field) => {
    const { process } = field.anyNode().server;
    process.kill('SIGSTOP');
    await wait(leaseTtlMs + field.random.between(200, 2_500));
    process.kill('SIGCONT');
  },
};

export const flushValkey: Fault = {
  fault: 'FLUSHALL of Valkey',
  strike: async ({ cluster, random }) => {
    for (let i = 0; i < 5; i++) {
      await cluster.redis.flush();
      await wait(random.between(0, 150));
    }
  },
};

export const killValkey: Fault = {
  fault: 'kill -9 of Valkey, and an empty one in its place',
  strike: async ({ cluster, random }) => {
    await cluster.redis.kill();
    await wait(random.between(0, 600));
    await cluster.redis.start();
  },
};

export const crashPostgres: Fault = {
  fault: 'PostgreSQL restarted with -m immediate',
  strike: async ({ cluster }) => {
    await cluster.postgres.restart('immediate');
  },
};

const harms = ['reset', { delayMs: 150 }, 'blackhole', 'unanswered', 'half-open'] as const;

/** Each kind of harm in turn, beginning with one, to one node's connection or to both nodes'. */
export const harmLink = (link: Link, name: string, first = 0): Fault => ({
  fault: `connections to ${name}: reset, slowed, blackholed, answers lost, half-open`,
  strike: async ({ cluster, random }, round) => {
    const harm = harms[(first + round - 1) % harms.length] ?? 'reset';
    const proxies = (random.chance(0.5) ? cluster.nodes : [random.pick(cluster.nodes)]).map(
      ({ proxies }) => proxies[link],
    );
    if (harm === 'reset') {
      for (let i = 0; i < 10; i++) {
        for (const proxy of proxies) proxy.reset();
        await wait(random.between(0, 120));
      }
      return;
    }
    for (const proxy of proxies) proxy.set(harm satisfies Condition);
    await wait(random.between(300, 3_000));
    for (const proxy of proxies) proxy.set('fine');
  },
});

/** Longer than any request may take: nothing comes back by itself in time. */
export const longSilence = (link: Link, name: string): Fault => ({
  fault: `connections of both nodes to ${name} blackholed for 40 s`,
  strike: async ({ cluster }) => {
    for (const { proxies } of cluster.nodes) proxies[link].set('blackhole');
    await wait(40_000);
    for (const { proxies } of cluster.nodes) proxies[link].set('fine');
  },
});

export const links = [
  ['postgres', 'PostgreSQL'],
  ['s3', 'S3'],
  ['valkey', 'Valkey'],
] as const satisfies readonly (readonly [Link, string])[];
