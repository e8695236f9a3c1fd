import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compareDatabases } from './captures/compare-databases.ts';
import { chooseEvidence } from './captures/prove-evidence.ts';
import { breakUploads } from './chunk-uploads/break-uploads.ts';
import { seedDefects } from './defects/seed-defect.ts';
import { fillUp } from './faults/disk-full.ts';
import { allInjections, failSyscalls } from './faults/fault-rounds.ts';
import { damageBlobs, damageDatabase } from './faults/flipped-bits.ts';
import { watchOrder } from './faults/order-rounds.ts';
import { cutClients } from './hostile/cut-clients.ts';
import { besiege } from './hostile/hostile.ts';
import { failpointNames } from './kill/failpoints.ts';
import { killRounds } from './kill/kill-rounds.ts';
import { clusterNeeds } from './nodes/cluster.ts';
import { type NodeProof, nodeProofs } from './nodes/proofs.ts';
import { cutPower } from './power-cut/cut-power.ts';
import { type NotRun, reliabilityPage } from './prove-report.ts';
import { withRows } from './prove-rows.ts';
import { raceForIdentity, raceProcesses, raceRevocation, raceWithEnd } from './races/races.ts';
import { cutWire } from './relay/cut-wire.ts';
import { gatherCrowd } from './relay/fanout-crowd.ts';
import { killBoth } from './relay/kill-both.ts';
import type { Finding, Progress } from './support/finding.ts';
import { missing, type Need } from './support/needs.ts';
import { freshSeed } from './support/random.ts';
import { repository } from './support/server.ts';
import { killMoves } from './transfer/kill-moves.ts';
import { killRestores } from './transfer/kill-restores.ts';
import { killBackups } from './transfer/kill-transfers.ts';

/**
 * The long form of every fault test; writes docs/reliability.md. The defaults take hours and are the project's own bars;
 * `npm run prove -- --cuts 100 --kills 200` and so on make a shorter run, and the page says which.
 */
const { values } = parseArgs({
  options: {
    /** A filesystem. */
    cuts: { type: 'string', default: '1000' },
    kills: { type: 'string', default: '2000' },
    acks: { type: 'string', default: '1000' },
    /** Largest ordinal of a failing system call. */
    ordinals: { type: 'string', default: '40' },
    clients: { type: 'string', default: '5000' },
    races: { type: 'string', default: '10000' },
    /** Of each kind, to two nodes on one PostgreSQL, one bucket and one Valkey; to the way from a relay to its core; to resumable chunks. */
    disturbances: { type: 'string', default: '500' },
    flips: { type: 'string', default: '1000' },
    sockets: { type: 'string', default: '2000' },
    fuzz: { type: 'string', default: '20000' },
    /** Chunks to a thousand readers of a relay. */
    shown: { type: 'string', default: '2000' },
    /** Groups of variants; one in two hundred also goes through both databases. */
    groups: { type: 'string', default: '200000' },
    seed: { type: 'string' },
    lanes: { type: 'string', default: '2' },
    /** Of the names below, separated by commas; then only rows that say of themselves when they were made are written anew. */
    only: { type: 'string' },
  },
});
const n = (
  name:
    | 'cuts'
    | 'kills'
    | 'acks'
    | 'ordinals'
    | 'clients'
    | 'races'
    | 'disturbances'
    | 'flips'
    | 'sockets'
    | 'fuzz'
    | 'shown'
    | 'groups'
    | 'lanes',
) => Number(values[name]);
const seed = values.seed === undefined ? freshSeed() : Number(values.seed);
const share = (total: number, part: number) => Math.max(1, Math.round(total * part));

interface Job {
  name: string;
  needs: readonly Need[];
  run: (progress: Progress) => Promise<Finding>;
}

const cutMachine = ['root', 'unshare', 'mount', 'perl', 'loop'] as const;

const jobs: Job[] = [
  ...(['ext4', 'xfs'] as const).flatMap((filesystem): Job[] =>
    (['single', 'busy'] as const).map((mode) => ({
      name: `power-cut-${filesystem}-${mode}`,
      needs: [...cutMachine, filesystem],
      run: (progress) =>
        cutPower({ filesystem, mode, databaseApart: mode === 'single', rounds: share(n('cuts'), 0.5), seed, progress }),
    })),
  ),
  {
    name: 'kill-failpoints',
    needs: [],
    run: (progress) =>
      killRounds({ at: 'failpoints', rounds: share(n('kills'), 0.4 / failpointNames().length), seed, progress }),
  },
  {
    name: 'kill-random',
    needs: [],
    run: (progress) => killRounds({ at: 'random', rounds: share(n('kills'), 0.6), seed, progress }),
  },
  {
    name: 'kill-backup',
    needs: [],
    run: (progress) => killBackups({ random: share(n('kills'), 0.1), seed, progress }),
  },
  {
    name: 'kill-restore',
    needs: [],
    run: (progress) => killRestores({ random: share(n('kills'), 0.1), seed, progress }),
  },
  {
    name: 'kill-move',
    needs: ['postgres', 'radosgw'],
    run: (progress) => killMoves({ random: share(n('kills'), 0.1), seed, progress }),
  },
  { name: 'order', needs: ['root', 'strace'], run: () => watchOrder({ acks: n('acks'), seed }) },
  {
    name: 'faults',
    needs: ['root', 'strace'],
    run: (progress) =>
      failSyscalls({ injections: allInjections.map((each) => ({ ...each, ordinals: n('ordinals') })), progress }),
  },
  ...(['bytes', 'inodes', 'database', 'checkpoint'] as const).map(
    (shortage): Job => ({
      name: `full-${shortage}`,
      needs: ['root', 'unshare', 'mount', 'perl'],
      run: () => fillUp(shortage),
    }),
  ),
  { name: 'clients', needs: [], run: (progress) => cutClients({ cuts: n('clients'), seed, progress }) },
  {
    name: 'race-identity',
    needs: [],
    run: (progress) => raceForIdentity({ rounds: share(n('races'), 0.02), seed, progress }),
  },
  { name: 'race-end', needs: [], run: (progress) => raceWithEnd({ rounds: share(n('races'), 0.95), seed, progress }) },
  {
    name: 'race-revocation',
    needs: [],
    run: (progress) => raceRevocation({ rounds: share(n('races'), 0.02), seed, progress }),
  },
  {
    name: 'race-processes',
    needs: [],
    run: (progress) => raceProcesses({ rounds: share(n('races'), 0.01), seed, progress }),
  },
  { name: 'flip-blobs', needs: [], run: (progress) => damageBlobs({ rounds: n('flips'), seed, progress }) },
  {
    name: 'flip-database',
    needs: [],
    run: (progress) => damageDatabase({ rounds: share(n('flips'), 0.1), seed, progress }),
  },
  { name: 'hostile', needs: [], run: () => besiege({ idleSockets: n('sockets'), fuzzRuns: n('fuzz'), seed }) },
  {
    name: 'relay-readers',
    needs: [],
    run: (progress) => gatherCrowd({ readers: 1000, chunks: n('shown'), seed, progress }),
  },
  ...(['proxy', 'cable'] as const).map(
    (over): Job => ({
      name: `relay-cut-${over}`,
      needs: over === 'cable' ? ['root', 'ip'] : [],
      run: (progress) => cutWire({ over, cuts: share(n('disturbances'), 0.5), seed, progress }),
    }),
  ),
  {
    name: 'relay-kills',
    needs: [],
    run: (progress) => killBoth({ rounds: share(n('kills'), 0.1), seed, progress }),
  },
  ...nodeProofs.map(
    ({ name, run, share: part, of }: NodeProof): Job => ({
      name,
      needs: clusterNeeds('radosgw'),
      run: (progress) => run({ rounds: share(n(of), part), seed, progress }),
    }),
  ),
  { name: 'evidence', needs: [], run: (progress) => chooseEvidence({ rounds: n('groups'), seed, progress }) },
  {
    name: 'capture-databases',
    needs: ['postgres'],
    run: (progress) => compareDatabases({ rounds: share(n('groups'), 0.005), seed, progress }),
  },
  ...(['cut', 'kill'] as const).map(
    (how): Job => ({
      name: `resumable-${how}s`,
      needs: [],
      run: (progress) =>
        breakUploads({ how, rounds: how === 'cut' ? n('disturbances') : share(n('kills'), 0.05), seed, progress }),
    }),
  ),
  { name: 'control', needs: [...cutMachine, 'ext4', 'eatmydata'], run: control },
  { name: 'defects', needs: [...cutMachine, 'ext4', 'strace'], run: (progress) => seedDefects({ progress }) },
];

/** Here loss is what must be seen: a round in which nothing is lost is the violation. */
async function control(progress: Progress): Promise<Finding> {
  const rounds = 10;
  const sabotage = { LD_PRELOAD: 'libeatmydata.so' };
  const found = await cutPower({
    filesystem: 'ext4',
    mode: 'single',
    databaseApart: false,
    rounds,
    seed,
    sabotage,
    chunksOnly: true,
    progress,
  });
  const lost = found.violations.length;
  return {
    ...found,
    fault: 'control: power cut with flushes that do nothing (libeatmydata)',
    held: 'the harness sees the loss',
    violations: lost >= rounds ? [] : [`only ${lost} losses seen in ${rounds} cuts`],
    note: `${lost} losses seen, as there must be`,
  };
}

const say = (line: string) => process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);
const only = values.only?.split(',');
const chosen = jobs.filter(({ name }) => only === undefined || only.includes(name));
const findings = new Map<string, Finding>();
const notRun: NotRun[] = [];
const began = Date.now();
const waiting = [...chosen];

async function lane(): Promise<void> {
  for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
    const { name, needs, run } = job;
    const absent = missing(...needs);
    if (absent.length > 0) {
      notRun.push({ fault: name, reason: `needs ${absent.join(', ')}` });
      say(`${name}: NOT RUN, needs ${absent.join(', ')}`);
      continue;
    }
    say(`${name}: begins`);
    const found = await run((line) => say(`${name}: ${line}`)).catch(
      (error: unknown): Finding => ({
        fault: name,
        held: 'the test itself ran to its end',
        filesystem: '–',
        rounds: 0,
        acknowledged: 0,
        violations: [error instanceof Error ? (error.stack ?? error.message) : String(error)],
        seed,
      }),
    );
    findings.set(name, found);
    say(`${name}: ${found.rounds} rounds, ${found.acknowledged} acknowledged, ${found.violations.length} broken`);
    for (const violation of found.violations.slice(0, 10)) say(`${name}: BROKEN ${violation}`);
  }
}

await Promise.all(Array.from({ length: n('lanes') }, lane));
const inOrder = jobs.flatMap(({ name: job }) => {
  const finding = findings.get(job);
  return finding === undefined ? [] : { ...finding, job };
});
const page = join(repository, 'docs/reliability.md');
const names = jobs.map(({ name }) => name);
if (only === undefined) {
  const command = `npm run prove${process.argv.length > 2 ? ` -- ${process.argv.slice(2).join(' ')}` : ''}`;
  const minutes = Math.max(1, Math.round((Date.now() - began) / 60_000));
  mkdirSync(join(repository, 'docs'), { recursive: true });
  writeFileSync(page, reliabilityPage({ findings: inOrder, notRun, jobs: names, command, minutes }));
  say('wrote docs/reliability.md');
} else if (inOrder.some(({ section }) => section === 'relay' || section === 'captures')) {
  writeFileSync(page, withRows(readFileSync(page, 'utf8'), inOrder, names));
  say('wrote rows of docs/reliability.md');
}
const isSound = notRun.length === 0 && inOrder.every(({ violations }) => violations.length === 0);
process.exitCode = isSound ? 0 : 1;
