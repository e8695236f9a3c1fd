import type { RunLine, ServiceName } from '../lineage-wire.ts';

export interface ExportFile {
  /** Below the folder of the export, with slashes. */
  readonly path: string;
  readonly byteSize: number;
}

/** The folder of an export, opened by whatever the platform has for it. */
export interface ExportSource {
  /** Every file, whatever it is; what is neither a file nor a folder counts as a file of no bytes. */
  readonly files: readonly ExportFile[];
  /** The whole content. Throws when it cannot be read. */
  read(path: string): Promise<Uint8Array<ArrayBuffer>>;
}

/**
 * Seals what a record says once more, and gives what the server's manifest says of it. Throws when sealing does not make these very
 * bytes. It is the server's own code, which this part of the house does not know.
 */
export type Reseal = (payload: Uint8Array<ArrayBuffer>) => Promise<{ key: ServiceName; line: RunLine }>;
