import { generated, table } from './markdown.ts';
import { connectionMs, type Need, needOf, recordingsPerDatabase, rowBytes } from './scaling-arithmetic.ts';
import { assumed, measured } from './scaling-figures.ts';

export function scalingPage(): string {
  const { cpuMs, postgresql, rowBytes: rows, s3, valkey, walBytes } = measured;
  const needs = assumed.recordings.map(needOf);
  const row = (name: string, tell: (need: Need) => string) => [name, ...needs.map(tell)];
  return `${generated('Scaling', 'scripts/docs/scaling-figures.ts')}
What a chunk costs on PostgreSQL, S3 and Valkey, and what follows from it. The first table was measured (${measured.date}; ${measured.machine};
chunks of 64 KiB, 32 at once). Everything after it is arithmetic with those figures: nobody has run ten million recordings here. Milliseconds
of CPU are of that machine; on another, measure (\`npm run bench\`), put your figures into the script, and \`npm run docs\`.

## What one chunk costs

${table(
  ['', 'CPU, ms', 'asked', 'round trips', 'on the wire, beside the body', 'kept'],
  [
    ['node', ms(cpuMs.node), '', '', '', 'nothing'],
    [
      'PostgreSQL',
      ms(cpuMs.postgresql),
      `${postgresql.statements} statements, one commit`,
      String(postgresql.roundTrips),
      `${postgresql.bytesOut} B out, ${postgresql.bytesIn} B in`,
      `${rowBytes} B: chunk ${rows.chunks} and its indexes ${rows.chunkIndexes}, key ${rows.operations} and its indexes ${rows.operationIndexes}; WAL ${walBytes.warm} B, right after a checkpoint up to ${walBytes.scattered} B`,
    ],
    ['S3', ms(cpuMs.s3), `${s3.requests} PUT`, '1', `${s3.bytesBeyondBody} B`, 'the body'],
    [
      'Valkey',
      ms(cpuMs.valkey),
      `${valkey.scripts} scripts, and one for the rate limit`,
      String(valkey.roundTrips),
      `${valkey.bytesOut} B out`,
      'nothing',
    ],
  ],
)}

WAL grows after a checkpoint because the first change of a page writes the whole page, and the hash of an idempotency key lands on a
random page of its index. Checkpoints that are far apart (\`max_wal_size\`) and \`wal_compression\` are the remedy.

## What many recordings need

Assumed: a chunk every ${assumed.secondsPerChunk} seconds from each, of ${assumed.chunkKiB.join(' to ')} KiB; cores used to ${assumed.utilisation * 100} %; ${assumed.roundTripMs} ms between server and database and
${assumed.flushMs} ms for a commit to reach the disk, so that a chunk holds a connection for ${connectionMs.toFixed(1)} ms; a process of ours uses one core.

${table(
  ['recordings at once', ...needs.map(({ recordings }) => recordings.toLocaleString('en'))],
  [
    row('chunks a second', ({ chunksPerSecond }) => count(chunksPerSecond)),
    row('bytes in, a second', ({ ingestBytesPerSecond }) => ingestBytesPerSecond.map(bytes).join(' to ')),
    row('processes of ours', ({ nodeProcesses }) => count(nodeProcesses)),
    row('cores for PostgreSQL', ({ databaseCores }) => count(databaseCores)),
    row('statements a second', ({ statementsPerSecond }) => count(statementsPerSecond)),
    row(
      'WAL a second, warm to scattered',
      ({ walBytesPerSecond: { scattered, warm } }) => `${bytes(warm)} to ${bytes(scattered)}`,
    ),
    row('connections busy', ({ connectionsBusy }) => count(connectionsBusy)),
    row(`connections open (${assumed.connectionsPerProcess} a process)`, ({ connectionsOpen }) =>
      count(connectionsOpen),
    ),
    row('rows of chunks an hour', ({ rowsPerHour }) => count(rowsPerHour)),
    row('database an hour', ({ rowBytesPerHour }) => bytes(rowBytesPerHour)),
    row('objects an hour', ({ objectBytesPerHour }) => objectBytesPerHour.map(bytes).join(' to ')),
    row(`prefixes of S3 at ${count(assumed.putsPerPrefix)} PUT a second`, ({ prefixes }) => count(prefixes)),
    row('scripts of Valkey a second', ({ valkeyScriptsPerSecond }) => count(valkeyScriptsPerSecond)),
    row(`Valkeys at ${count(assumed.valkeyScriptsPerSecond)} a second (assumed)`, ({ valkeyShards }) =>
      count(valkeyShards),
    ),
    row(`databases of ${assumed.databaseCores} cores`, ({ databases }) => count(databases)),
  ],
)}

One PostgreSQL of ${assumed.databaseCores} cores takes about ${count(recordingsPerDatabase)} recordings at once by this.

## What breaks first, and what takes over

| at | first limit | what takes over |
|---|---|---|
| 1,000 | one core of ours | more processes behind a load balancer, without sticky sessions. Nothing else is near a limit |
| 100,000 | the one PostgreSQL that takes all writes: its cores, its WAL, its connections | several deployments side by side (below). More memory and cores carry one a good way before that |
| 100,000 | S3's requests a prefix: ids begin with the time, so all new keys lie next to one another and count as one | each deployment its own bucket, or its own \`SAFE_S3_PREFIX\`. Amazon splits prefixes by itself, in 30 to 60 minutes, and answers 503 meanwhile, which we repeat |
| 100,000 | one Valkey, which runs scripts on one thread | each deployment its own. It keeps nothing, so it can be replaced at any time |
| 10,000,000 | nothing that one deployment could mend: the bytes alone are hundreds of gigabytes a second | as many deployments as the last line of the table says, over several regions and stores |

**Deployments side by side.** No row of one account refers to another account's, a chunk's key is unique within its account, and no query
but an administrator's list spans accounts. So accounts can be dealt out over deployments that know nothing of each other, each with a
PostgreSQL, a bucket and a Valkey of its own. Who sends an account to its deployment (a host name in the app's settings, or a proxy
that knows the token) is not part of this program, and neither is moving an account from one to another.

**Connections.** A pool of ${assumed.connectionsPerProcess} a process soon adds up to more than a server likes (a few hundred). Lower
\`SAFE_POSTGRES_MAX_OPEN_CONNS\` first: the busy ones are few. A pooler between must keep a session for a client (PgBouncer's session
mode): time-outs and the read-only default are settings of the session, and statements are prepared.

**Read replicas.** Not used. Viewers' polls and listings could read from one; what an upload is judged by could not, as it would lag.
There is no setting for it.

**Partitions.** Not used, because they were not needed: at ten million rows nothing that was measured grew with the store (see
[performance](performance.md)). They would not help what does grow: keys are scattered over their whole index however it is cut, and every
unique index would have to contain the column that rows are dealt out by. Deletion goes by incident, never by time, so no partition
could be dropped as a whole.

## Distributed databases that speak PostgreSQL's protocol

None was tried. What we use that differs among them:

| what | where | what to ask |
|---|---|---|
| READ COMMITTED with a new snapshot for each statement | every transaction: it locks, then looks | whether that is what READ COMMITTED means there. Under SERIALIZABLE alone it is right too, with more repetitions, which we do |
| \`FOR SHARE\`, \`FOR NO KEY UPDATE\` | incident, stream and account of a chunk | whether both block. YugabyteDB documents all four kinds |
| \`FOR UPDATE SKIP LOCKED\` | which node takes a deletion | whether it skips; without, nodes only wait |
| \`pg_advisory_xact_lock\` | migrations of nodes that start at once | whether it locks. If it is only accepted, migrate by hand before the nodes start |
| partial unique indexes | chunks without a stream | whether the condition is kept. Without it two such chunks could be one |
| unique keys that are not the sharding key | chunk id, key hash, identity | whether they are checked over all shards. Extensions that shard PostgreSQL itself demand that each contains the sharding column: not without another schema |
| \`synchronous_commit\` | set to \`on\`, read back | what an acknowledged commit survives |
| cascades of foreign keys | the removal of rows | whether they run within one transaction |

## Valkey as a cluster

Every script touches one key and no key carries a hash tag, so each may lie in any slot; the two leases of an upload are taken one by one and
need not share one. Our client speaks to one primary, though: a cluster's redirections are not followed, and \`SAFE_VALKEY_DB\` other than 0
does not exist there. One Valkey for each deployment needs neither.
`;
}

const ms = (value: number) => value.toFixed(2);

/** Three digits that mean something; the rest would only look exact. */
function count(value: number): string {
  if (value < 1) return value.toFixed(1);
  const digits = 10 ** Math.max(0, Math.floor(Math.log10(value)) - 2);
  return (Math.ceil(value / digits) * digits).toLocaleString('en', { maximumFractionDigits: 0 });
}

function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, value)) / 3));
  return `${(value / 1000 ** power).toPrecision(3)} ${units[power]}`;
}
