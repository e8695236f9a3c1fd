import { applyLoad } from '../support/load.ts';
import type { Backends } from './backends.ts';
import { type CountingProxy, countingProxy } from './counting-proxy.ts';
import { type Layout, startOurSide } from './sides.ts';

/** What one chunk asks of the backends, counted between our server and them. Averages over many. */
export interface WireCost {
  postgresql: {
    turns: number;
    statements: number;
    bytesOut: number;
    bytesIn: number;
    walBytes: number;
    opened: number;
  };
  s3: { requests: number; bytesOut: number; bytesIn: number };
  valkey: { turns: number; commands: number; bytesOut: number; bytesIn: number };
}

/** Through proxies, which only count; nothing is timed. */
export async function countOnTheWire(backends: Backends, layout: Layout, chunks = 1_000): Promise<WireCost> {
  const { postgres, redis, s3 } = backends;
  const proxies = {
    postgres: await countingProxy(postgres.port),
    s3: await countingProxy(Number(new URL(s3.endpoint).port)),
    valkey: await countingProxy(redis.port),
  };
  const statements = countStatements(proxies.postgres);
  const requests = countRequests(proxies.s3);
  const ours = await startOurSide(backends, {
    postgresPort: proxies.postgres.port,
    s3Port: proxies.s3.port,
    valkeyPort: proxies.valkey.port,
  });
  const send = (count: number) =>
    applyLoad({
      port: ours.port,
      connections: 32,
      requests: count,
      request: () => ours.request(layout),
      expectedStatus: 201,
    });
  const look = async () => ({
    statements: statements(),
    requests: requests(),
    wal: Number((await postgres.sql('postgres', "SELECT pg_current_wal_lsn() - '0/0' AS bytes"))[0]?.bytes),
    commands: commandsOf(String(await redis.command('INFO', 'commandstats'))),
    ...Object.fromEntries(
      (['postgres', 's3', 'valkey'] as const).map((name) => [name, { ...proxies[name].wire }] as const),
    ),
  });
  // The first write to a page after a checkpoint puts the whole page into the WAL; that is not a chunk's.
  await postgres.sql('postgres', 'CHECKPOINT');
  await send(Math.max(200, chunks / 2));
  const before = { ...(await look()), wires: wiresOf(proxies) };
  await send(chunks);
  const after = { ...(await look()), wires: wiresOf(proxies) };
  await ours.stop();
  await Promise.all(Object.values(proxies).map((proxy) => proxy.close()));
  const per = (pick: (seen: typeof before) => number) => (pick(after) - pick(before)) / chunks;
  return {
    postgresql: {
      turns: per((seen) => seen.wires.postgres.turns),
      statements: per((seen) => seen.statements),
      bytesOut: per((seen) => seen.wires.postgres.bytesOut),
      bytesIn: per((seen) => seen.wires.postgres.bytesIn),
      walBytes: per((seen) => seen.wal),
      opened: per((seen) => seen.wires.postgres.connections),
    },
    s3: {
      requests: per((seen) => seen.requests),
      bytesOut: per((seen) => seen.wires.s3.bytesOut),
      bytesIn: per((seen) => seen.wires.s3.bytesIn),
    },
    valkey: {
      turns: per((seen) => seen.wires.valkey.turns),
      commands: per((seen) => seen.commands),
      bytesOut: per((seen) => seen.wires.valkey.bytesOut),
      bytesIn: per((seen) => seen.wires.valkey.bytesIn),
    },
  };
}

function wiresOf({ postgres, s3, valkey }: Record<'postgres' | 's3' | 'valkey', CountingProxy>) {
  return { postgres: { ...postgres.wire }, s3: { ...s3.wire }, valkey: { ...valkey.wire } };
}

/** Messages of PostgreSQL's protocol that run a statement: Query and Execute. */
function countStatements({ tap }: CountingProxy): () => number {
  let count = 0;
  const unread = new Map<number, Buffer>();
  tap.out = (data, connection) => {
    const before = unread.get(connection);
    let rest = before === undefined ? data : Buffer.concat([before, data]);
    // The first message of a connection has no type.
    if (before === undefined && rest.length >= 4) rest = rest.subarray(rest.readUInt32BE(0));
    while (rest.length >= 5 && rest.length >= 1 + rest.readUInt32BE(1)) {
      if (rest[0] === 0x51 || rest[0] === 0x45) count += 1;
      rest = rest.subarray(1 + rest.readUInt32BE(1));
    }
    unread.set(connection, rest);
  };
  return () => count;
}

/** A request on a connection begins in a packet of its own, as the one before was answered. */
function countRequests({ tap }: CountingProxy): () => number {
  let count = 0;
  tap.out = (data) => {
    if (/^(PUT|GET|HEAD|DELETE|POST) \//.test(data.toString('latin1', 0, 16))) count += 1;
  };
  return () => count;
}

function commandsOf(commandStats: string): number {
  return [...commandStats.matchAll(/cmdstat_(evalsha):calls=(\d+)/g)].reduce(
    (sum, [, , calls]) => sum + Number(calls),
    0,
  );
}
