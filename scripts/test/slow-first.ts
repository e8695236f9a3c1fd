/** Those of more than half a minute, the longest first: begun late they would be waited for alone. */
export const slow: readonly string[] = [
  'test/transfer/kill-transfers.test.ts',
  'test/browser/vault.test.ts',
  'test/transfer/move.test.ts',
  'test/lineage/homes/homes.test.ts',
  'test/jobs/worker-command.test.ts',
  'test/postgres/server.test.ts',
  'test/lineage/r2/r2-objects.test.ts',
  'test/lineage/push-command.test.ts',
  'test/lineage/serve.test.ts',
  'test/transfer/backup.test.ts',
  'test/browser/vault-uploads.test.ts',
  'test/s3/server.test.ts',
  'test/s3/objects.test.ts',
  'test/documents/uploads-nodes.test.ts',
  'test/chunk-uploads/chunk-uploads-nodes.test.ts',
  'test/browser/admin.test.ts',
  'test/relay/kill-both.test.ts',
  'test/faults/faults.test.ts',
  'test/defects/defects.test.ts',
];

/** The same files in the order in which they are best begun. */
export function slowFirst(files: readonly string[]): string[] {
  const rank = (file: string) => {
    const at = slow.indexOf(file);
    return at < 0 ? slow.length : at;
  };
  return files.toSorted((a, b) => rank(a) - rank(b));
}
