import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { Problem } from '#kit/errors.ts';
import { containedEntries, manifestName, manifestText, sumsName, sumsText } from '#kit/evidence/bundle/bundle-files.ts';
import type { BundleKind } from '#kit/evidence/bundle/group-facts.ts';
import { groupManifest } from '#kit/evidence/bundle/group-manifest.ts';
import type { Db } from '#platform/metadata/metadata.ts';
import { assertNotDeleting, type IncidentRow } from '../incident-access.ts';
import { type Bundle, type BundleDeps, bundle } from './build-bundle.ts';
import { assertBlobsThere, chunkEntry, textEntry } from './bundle-entries.ts';
import { type GroupRows, groupRows } from './group-facts.ts';

export interface GroupBundleOf {
  incident: IncidentRow;
  groupId: string;
  kind: BundleKind;
}

/** The manifest as its bundle has it, to the byte. Throws capture_group_not_found, incident_bundle_inconsistent, incident_deleting. */
export async function groupManifestText(read: Db, of: GroupBundleOf): Promise<string> {
  return (await textOf(await rowsOf(read, of))).text;
}

/** What was accepted of one capture group. Throws as above, also when the bytes of one chunk are not there: never half a bundle. */
export async function groupBundle({ metadata, blobs }: BundleDeps, of: GroupBundleOf): Promise<Bundle> {
  const rows = await rowsOf(metadata.read, of);
  const { manifest, text } = await textOf(rows);
  const contained = [...containedEntries(manifest)].map(({ name, chunk }) => {
    const row = rows.chunks.get(chunk.chunk_id);
    if (row === undefined) throw new Problem('incident_bundle_inconsistent');
    return { name, row };
  });
  await assertBlobsThere(
    blobs,
    contained.map(({ row }) => row),
  );
  const sums = await joined(sumsText(manifest, createHash('sha256').update(text).digest('hex')));
  return bundle(
    `incident_${of.incident.id}_${manifest.capture_group.id}_${manifest.kind}.zip`,
    [
      textEntry(manifestName, text),
      textEntry(sumsName, sums),
      ...contained.map(({ name, row }) => chunkEntry(blobs, name, row)),
    ],
    manifest.as_of,
  );
}

async function rowsOf(read: Db, { incident, groupId, kind }: GroupBundleOf): Promise<GroupRows> {
  assertNotDeleting(incident);
  return await groupRows(read, incident, groupId, kind);
}

async function textOf({ facts }: GroupRows) {
  const manifest = groupManifest(facts);
  return { manifest, text: await joined(manifestText(manifest)) };
}

/** With room for other requests in between: a long recording has very many rows. */
async function joined(pieces: Iterable<string>): Promise<string> {
  const all: string[] = [];
  for (const piece of pieces) if (all.push(piece) % 2_000 === 0) await setImmediate();
  return all.join('');
}
