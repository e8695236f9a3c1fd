import { examine, untilDeleted } from '../kill/examine.ts';
import { type WorkedIncident, type WorkOptions, work } from '../kill/workload.ts';
import { type Api, api } from '../support/api.ts';
import { type Finding, type Progress, quantile, silently } from '../support/finding.ts';
import { type Random, seeded } from '../support/random.ts';
import type { Cluster, Node } from './cluster.ts';
import { type Attempts, patientApi } from './patient-api.ts';

export interface StormOptions {
  cluster: Cluster;
  rounds: number;
  seed: number;
  progress?: Progress;
  /** Incidents of each of the three lanes; fewer than a fault asks for. */
  turns?: number;
}

/** Something that goes wrong while clients upload to both nodes, and is over when `strike` resolves. */
export interface Fault {
  fault: string;
  /** Before the clients begin. */
  prepare?(field: Omit<Field, 'loadEnds'>, round: number): Promise<void>;
  strike(field: Field, round: number): Promise<void>;
  load?: WorkOptions;
}

export interface Field {
  cluster: Cluster;
  random: Random;
  /** Either of them. */
  anyNode: () => Node;
  violations: string[];
  /** Places that the load did not reach, this once. */
  missed: string[];
  /** Resolves when the clients have done their turns. */
  loadEnds: Promise<unknown>;
}

const load: WorkOptions = { turns: 3, sizes: [100, 4096, 65_536, 70_000, 300_000, 2_500_000] };

export const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** The fault again and again under load; then everything that was accepted is looked at, and deleted through the deletion workers. */
export async function storm(options: StormOptions, fault: Fault): Promise<Finding> {
  const { cluster, rounds, seed, turns, progress = silently } = options;
  const random = seeded(seed);
  const attempts: Attempts = { ms: [], violations: [] };
  const patient = patientApi(() => cluster.nodes.map(({ server }) => server.url), cluster.token, attempts);
  const examined = { stored: cluster.stored, acknowledged: 0, liveBytes: 0 };
  const before = await bytesUsed(cluster);
  const violations: string[] = [];
  const missed: string[] = [];
  for (let round = 1; round <= rounds; round++) {
    const name = `${seed}-${round}`;
    const calm = { cluster, random, anyNode: () => random.pick(cluster.nodes), violations, missed };
    await fault.prepare?.(calm, round);
    const working = work(patient, random, name, { ...(fault.load ?? load), ...(turns === undefined ? {} : { turns }) });
    await wait(random.between(20, 500));
    await fault.strike({ ...calm, loadEnds: working }, round);
    const worked = await working;
    const found = await afterwards(cluster, patient, examined, worked, before).catch((error: unknown) => [
      String(error),
    ]);
    violations.push(...[...found, ...attempts.violations.splice(0)].map((each) => `${name}: ${each}`));
    if (round % 5 === 0) progress(`${fault.fault}: ${round}/${rounds}, ${examined.acknowledged} acknowledged`);
  }
  const slowest = (quantile(attempts.ms, 1) / 1000).toFixed(1);
  return {
    section: 'nodes',
    fault: fault.fault,
    held: 'no acknowledged chunk lost, none doubled, every request answered within 30 s, every retry ends in the same chunk',
    filesystem: cluster.s3Server,
    rounds: rounds - missed.length,
    acknowledged: examined.acknowledged,
    violations,
    seed,
    note: `${attempts.ms.length} requests, the slowest ${slowest} s${missed.length === 0 ? '' : `; not reached ${missed.length} times: ${[...new Set(missed)].join(', ')}`}`,
  };
}

/** Each node must tell the same: what the one accepted is looked at through the other. */
async function afterwards(
  cluster: Cluster,
  patient: Api,
  examined: Parameters<typeof examine>[0],
  worked: readonly WorkedIncident[],
  before: number,
): Promise<string[]> {
  await bothReady(cluster);
  // As if it had been long ago: what a worker had begun to delete when it or its database died is another's after two minutes.
  await cluster.postgres.sql(
    cluster.database,
    "UPDATE incident_deletion_decisions SET updated_at = updated_at - interval '1 hour' WHERE state = 'deleting'",
  );
  const found: string[] = [];
  examined.liveBytes = 0;
  for (const incident of worked) found.push(...(await examine(examined, patient, incident)));
  const used = (await bytesUsed(cluster)) - before;
  if (used !== examined.liveBytes) found.push(`bytes_used is ${used}, the accepted chunks have ${examined.liveBytes}`);
  // It all goes again, also for the store's sake; and deletion too must have been left able to work.
  for (const { id } of worked) await patient.call('POST', `/v1/incidents/${id}/deletion`, { allow_open: true });
  for (const { id } of worked) found.push(...(await untilDeleted(patient, cluster.stored, id)));
  const left = (await bytesUsed(cluster)) - before;
  if (left !== 0) found.push(`bytes_used is ${left} when everything is deleted`);
  return found;
}

async function bytesUsed({ nodes, token }: Cluster): Promise<number> {
  return (await api(nodes[1].server.url, token).call('GET', '/v1/account')).body.quota.bytes_used;
}

/** They heal by themselves, both of them. */
async function bothReady({ nodes }: Cluster): Promise<void> {
  const end = performance.now() + 30_000;
  for (const { name, server } of nodes)
    for (;;) {
      const answer = await fetch(`${server.adminUrl}/admin/health/ready`).catch(() => undefined);
      if (answer?.status === 200) break;
      if (performance.now() > end) throw new Error(`node ${name} is not ready again: ${await answer?.text()}`);
      await wait(50);
    }
}
