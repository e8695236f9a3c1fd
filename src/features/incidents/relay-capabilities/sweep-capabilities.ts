import { timestamp } from '#kit/time.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { sweepCapabilitiesTransaction } from './relay-capabilities.transactions.ts';

/** A day longer than they worked, so that their rows can explain a refusal. */
const keptMs = 24 * 60 * 60_000;

export async function sweepCapabilities({ metadata }: { metadata: Metadata }): Promise<void> {
  await metadata.write(sweepCapabilitiesTransaction, { before: timestamp(Date.now() - keptMs) });
}
