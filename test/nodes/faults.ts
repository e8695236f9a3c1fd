import { once } from 'node:events';
import { failpointNames } from '../kill/failpoints.ts';
import type { Condition } from '../support/services/harmful-proxy.ts';
import { type Link, leaseTtlMs, type Node } from './cluster.ts';
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
export function killAtFailpoints(first = 0): Fault {
  const names = failpointNames('node');
  const nameOf = (round: number) => names[(first + round - 1) % names.length] ?? '';
  let node: Node | undefined;
  return {
    fault: `kill -9 of one of two nodes, at ${names.length} named failpoints`,
    load: { turns: 6, sizes: [100, 4096, 65_536, 300_000] },
    prepare: async ({ anyNode, cluster, random }, round) => {
      node = anyNode();
      await node.server.stop();
      const nth = ofDeletion.includes(nameOf(round)) ? 1 : random.between(1, 3);
      await cluster.restart(node, { PROOFLINE_FAILPOINT: `${nameOf(round)}:${nth}` });
    },
    strike: async ({ cluster, loadEnds, missed }, round) => {
      if (node === undefined) return;
      const { process } = node.server;
      const died = process.exitCode === null && process.signalCode === null ? once(process, 'exit') : Promise.resolve();
      const patience = loadEnds.then(() => wait(1_000)).then(() => 'missed');
      if ((await Promise.race([died, patience])) === 'missed') {
        missed.push(nameOf(round));
        await node.server.kill();
      }
      await cluster.restart(node);
    },
  };
}

/** The two nodes take turns at it, so each meets few of them. */
const ofDeletion = ['after-blob-removal', 'before-deletion-finish'];

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
