import { assumed, measured } from './scaling-figures.ts';

export interface Need {
  recordings: number;
  chunksPerSecond: number;
  /** For the smaller and for the larger chunk. */
  ingestBytesPerSecond: number[];
  nodeProcesses: number;
  databaseCores: number;
  statementsPerSecond: number;
  walBytesPerSecond: { warm: number; scattered: number };
  /** Held at once, by what a chunk needs of one. */
  connectionsBusy: number;
  connectionsOpen: number;
  rowsPerHour: number;
  rowBytesPerHour: number;
  objectBytesPerHour: number[];
  prefixes: number;
  valkeyScriptsPerSecond: number;
  valkeyShards: number;
  /** Databases of so many cores as are assumed. */
  databases: number;
}

export const rowBytes = Object.values(measured.rowBytes).reduce((sum, bytes) => sum + bytes, 0);

/** How long a chunk holds a connection. Milliseconds. */
export const connectionMs =
  measured.postgresql.roundTrips * assumed.roundTripMs + measured.cpuMs.postgresql + assumed.flushMs;

/** So many recordings one database takes. */
export const recordingsPerDatabase =
  ((assumed.databaseCores * assumed.utilisation * 1000) / measured.cpuMs.postgresql) * assumed.secondsPerChunk;

export function needOf(recordings: number): Need {
  const rate = recordings / assumed.secondsPerChunk;
  const nodeProcesses = Math.ceil((rate * measured.cpuMs.node) / 1000 / assumed.utilisation);
  const databaseCores = (rate * measured.cpuMs.postgresql) / 1000 / assumed.utilisation;
  const ingest = assumed.chunkKiB.map((kib) => rate * kib * 1024);
  const scripts = rate * (measured.valkey.scripts + 1);
  return {
    recordings,
    chunksPerSecond: rate,
    ingestBytesPerSecond: ingest,
    nodeProcesses,
    databaseCores,
    statementsPerSecond: rate * measured.postgresql.statements,
    walBytesPerSecond: { warm: rate * measured.walBytes.warm, scattered: rate * measured.walBytes.scattered },
    connectionsBusy: (rate * connectionMs) / 1000,
    connectionsOpen: nodeProcesses * assumed.connectionsPerProcess,
    rowsPerHour: rate * 3600,
    rowBytesPerHour: rate * 3600 * rowBytes,
    objectBytesPerHour: ingest.map((bytes) => bytes * 3600),
    prefixes: Math.ceil(rate / assumed.putsPerPrefix),
    valkeyScriptsPerSecond: scripts,
    valkeyShards: Math.ceil(scripts / assumed.valkeyScriptsPerSecond),
    databases: Math.ceil(recordings / recordingsPerDatabase),
  };
}
