import type { Manifest } from '#compose/transfer/backup/manifest.ts';
import type { FillReport } from '#compose/transfer/fill-store.ts';
import { showBytes } from '#recorder/measures.ts';

export function totalsText({
  tables,
  blobs,
}: Pick<Manifest, 'blobs'> & { tables: readonly { rows: number }[] }): string {
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  return `${rows} rows, ${blobs.count} blobs, ${showBytes(blobs.bytes)}`;
}

/** What was copied and compared, in two or three lines. */
export function filledText({ copied, copiedBytes, present, verified, damaged }: FillReport): string {
  const there = present > 0 ? `, ${present} were there from before` : '';
  const lines = [
    `${copied} blobs copied (${showBytes(copiedBytes)})${there}.`,
    `Verified: every row, ${verified.blobs} blobs (${showBytes(verified.bytes)}), ${verified.bundles} bundles rebuilt.`,
  ];
  if (damaged.length > 0) lines.push(`${damaged.length} chunks are without their bytes, as was accepted.`);
  return lines.join('\n');
}
