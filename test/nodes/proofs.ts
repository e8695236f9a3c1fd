import { raceForIdentity, raceRevocation, raceWithEnd } from '../races/races.ts';
import type { Finding, Progress } from '../support/finding.ts';
import { type Cluster, startCluster } from './cluster.ts';
import {
  crashPostgres,
  flushValkey,
  freezeHolder,
  harmLink,
  killAtFailpoints,
  killAtRandom,
  killValkey,
  links,
  longSilence,
} from './faults.ts';
import { groundOf, raceForName, raceForQuota, raceSignOut, raceToSetUp } from './node-races.ts';
import { type Fault, storm } from './storm.ts';

interface Run {
  rounds: number;
  seed: number;
  progress: Progress;
}

/** The long form on several nodes, for `npm run prove`. */
export interface NodeProof {
  name: string;
  /** Which of its numbers counts the rounds, and what part of it. */
  of: 'races' | 'kills' | 'disturbances';
  share: number;
  run(run: Run): Promise<Finding>;
}

type OnCluster = (cluster: Cluster, run: Run) => Promise<Finding>;

function proof(name: string, of: NodeProof['of'], share: number, on: OnCluster): NodeProof {
  return {
    name: `nodes-${name}`,
    of,
    share,
    run: async (run) => {
      const cluster = await startCluster('radosgw');
      try {
        const found = await on(cluster, run);
        return { ...found, section: 'nodes', filesystem: cluster.s3Server };
      } finally {
        await cluster.stop();
      }
    },
  };
}

const race = (name: string, share: number, of: (options: Parameters<typeof raceForIdentity>[0]) => Promise<Finding>) =>
  proof(name, 'races', share, (cluster, run) => of({ ...run, ground: groundOf(cluster) }));

const fault = (name: string, of: NodeProof['of'], share: number, what: () => Fault) =>
  proof(name, of, share, (cluster, run) => storm({ ...run, cluster }, what()));

export const nodeProofs: readonly NodeProof[] = [
  race('identity', 0.02, raceForIdentity),
  race('end', 0.3, raceWithEnd),
  race('revocation', 0.01, raceRevocation),
  race('sign-out', 0.01, raceSignOut),
  race('quota', 0.02, raceForQuota),
  race('name', 0.01, raceForName),
  proof('set-up', 'races', 0.002, (cluster, run) => raceToSetUp({ ...run, cluster })),
  fault('kill-failpoints', 'kills', 0.1, killAtFailpoints),
  fault('kill-random', 'kills', 0.15, () => killAtRandom),
  fault('freeze', 'disturbances', 1, () => freezeHolder),
  fault('flush', 'disturbances', 1, () => flushValkey),
  fault('kill-valkey', 'disturbances', 1, () => killValkey),
  fault('crash-postgres', 'disturbances', 1, () => crashPostgres),
  ...links.map(([link, name]) => fault(`harm-${link}`, 'disturbances', 1, () => harmLink(link, name))),
  ...links.map(([link, name]) => fault(`silence-${link}`, 'disturbances', 0.02, () => longSilence(link, name))),
];
