/** What one chunk of 64 KiB costs on the cluster form, as `node bench/cluster.ts` and bench/cluster/ measured it; docs/scaling.md reckons with it. */
export const measured = {
  date: '2026-11-25',
  machine:
    '2 virtual cores shared by client and all servers, PostgreSQL 15, Ceph RADOS Gateway 16.2 with one copy in memory, Redis 7.0',
  /** Milliseconds of CPU. */
  cpuMs: { node: 1.31, postgresql: 0.91, s3: 2.33, valkey: 0.09 },
  postgresql: { statements: 10, roundTrips: 4, bytesOut: 1998, bytesIn: 1440 },
  s3: { requests: 1, bytesBeyondBody: 1036 },
  /** Beside the count of the rate limit. */
  valkey: { scripts: 4, roundTrips: 1, bytesOut: 732 },
  /** WAL, when the pages have been written since the last checkpoint, and in a store of ten million rows right after one. */
  walBytes: { warm: 1720, scattered: 9200 },
  /** At ten million rows; both tables of a chunk with their indexes. */
  rowBytes: { chunks: 341, chunkIndexes: 146, operations: 293, operationIndexes: 146 },
};

/** What is assumed, and may be argued with. */
export const assumed = {
  secondsPerChunk: 2,
  chunkKiB: [64, 512],
  /** How much of a core may be used in the mean. */
  utilisation: 0.6,
  roundTripMs: 0.5,
  flushMs: 2,
  connectionsPerProcess: 20,
  /** Of one PostgreSQL server that is still easily had. */
  databaseCores: 16,
  valkeyScriptsPerSecond: 100_000,
  /** Amazon's documented limit for each prefix that it has split off. */
  putsPerPrefix: 3_500,
  recordings: [1_000, 100_000, 10_000_000],
} as const;
