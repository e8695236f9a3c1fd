import type { ExportManifest } from '#client/lineage/export/export-manifest.ts';
import { normalName } from '#features/lineage/record/index.ts';
import { CommandFailure } from '../command-failure.ts';
import type { ServiceFlags } from './which-service.ts';

/** The names that were given, as the server has them. */
export function normalScope(flags: ServiceFlags): ExportManifest['scope'] {
  const given = (['organization', 'project', 'service'] as const).flatMap((field) => {
    const name = flags[field];
    if (name === undefined) return [];
    const normal = normalName(name);
    if (normal !== undefined) return [[field, normal]];
    throw new CommandFailure('usage', `--${field} has neither a letter nor a digit, or is too long.`, 'Give its name.');
  });
  return Object.fromEntries(given);
}
