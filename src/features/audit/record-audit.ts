import { isProblem } from '#kit/errors.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import type { AuditEntry } from './audit.store.ts';
import { recordAuditTransaction } from './audit.transactions.ts';

interface Waiting {
  entry: AuditEntry;
  settle: (error?: unknown) => void;
}

const atOnce = 100;
const queues = new WeakMap<Metadata, Waiting[]>();

/**
 * Puts an entry on the log that no act carries; resolves when it is durable. One append at a time holds the end of the chain until it is
 * on the disk, so what comes meanwhile goes together with the next.
 */
export async function recordAudit(metadata: Metadata, entry: AuditEntry): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const settle = (error?: unknown) => (error === undefined ? resolve() : reject(error));
    const standing = queues.get(metadata);
    if (standing !== undefined) {
      standing.push({ entry, settle });
      return;
    }
    const queue = [{ entry, settle }];
    queues.set(metadata, queue);
    void writeAll(metadata, queue);
  });
}

async function writeAll(metadata: Metadata, queue: Waiting[]): Promise<void> {
  while (queue.length > 0) await writeTogether(metadata, queue.splice(0, atOnce));
  queues.delete(metadata);
}

async function writeTogether(metadata: Metadata, together: readonly Waiting[]): Promise<void> {
  try {
    await metadata.write(
      recordAuditTransaction,
      together.map(({ entry }) => entry),
    );
    for (const { settle } of together) settle();
  } catch (error) {
    // What cannot be written must not take its neighbours along; whether an outage let it through, nobody knows.
    if (together.length > 1 && !isProblem(error, 'metadata_unavailable'))
      for (const one of together) await writeTogether(metadata, [one]);
    else for (const { settle } of together) settle(error);
  }
}
