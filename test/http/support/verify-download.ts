import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BundleReport, verifyBundle } from '#client/index.ts';
import { nodeDigest, openZipBundle } from '#recorder/bundle/zip-bundle.ts';

/** As `proofline verify` does it, of bytes that were downloaded. The folder takes a file for as long as that lasts. */
export async function verifyDownload(folder: string, bytes: Uint8Array, root?: string): Promise<BundleReport> {
  const path = join(folder, 'downloaded.zip');
  writeFileSync(path, bytes);
  const bundle = await openZipBundle(path);
  try {
    return await verifyBundle(bundle, { digest: nodeDigest, root });
  } finally {
    await bundle.close();
    rmSync(path);
  }
}

export function assertVerified(report: BundleReport): void {
  assert.deepEqual([report.ok, report.failures], [true, []]);
}
