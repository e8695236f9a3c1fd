import type { Metadata } from '#platform/metadata/metadata.ts';

/** The slices whose transactions put jobs down. One that is missing here has its jobs found at the next look instead of at once. */
const mayPutJobsDown = /^(documents|cloud|resumable)\.|^jobs\.repeat$/;

/** The same database; it tells after each commit that may have put jobs down, so that no slice has to. */
export function tellingMetadata(metadata: Metadata, tell: () => void): Metadata {
  return {
    dialect: metadata.dialect,
    shared: metadata.shared,
    read: metadata.read,
    write: async (transaction, input) => {
      const output = await metadata.write(transaction, input);
      if (mayPutJobsDown.test(transaction.name)) tell();
      return output;
    },
    snapshot: (read) => metadata.snapshot(read),
    statistics: () => metadata.statistics(),
    health: () => metadata.health(),
    close: () => metadata.close(),
  };
}
