import type { GroupManifest, ManifestChunk } from './group-manifest.ts';

export const manifestName = 'manifest.json';
export const sumsName = 'SHA256SUMS';

/** Of ids and numbers that the server made; nothing of it is a client's word. */
export function chunkEntryName(mediaType: string, { stream_id, chunk_index }: ManifestChunk): string {
  return `streams/${stream_id}/chunks/${mediaType}_${String(chunk_index).padStart(6, '0')}.enc`;
}

/** The chunks that a bundle has, in their order in it. */
export function* containedEntries(manifest: GroupManifest): Generator<{ name: string; chunk: ManifestChunk }> {
  const mediaTypes = new Map(manifest.variants.map(({ stream_id, media_type }) => [stream_id, media_type]));
  for (const chunk of manifest.chunks)
    if (chunk.included) yield { name: chunkEntryName(mediaTypes.get(chunk.stream_id) ?? '', chunk), chunk };
}

/** As `sha256sum -c` reads it. */
export function* sumsText(manifest: GroupManifest, manifestSha256Hex: string): Generator<string> {
  yield `${manifestSha256Hex}  ${manifestName}\n`;
  for (const { name, chunk } of containedEntries(manifest)) yield `${chunk.sha256_hex}  ${name}\n`;
}

/** JSON with a row of a list on a line of its own, in pieces: it is compared to the byte, and may have very many rows. */
export function* manifestText(manifest: GroupManifest): Generator<string> {
  yield* objectText(manifest);
  yield '\n';
}

function* objectText(value: object): Generator<string> {
  let before = '{\n';
  for (const [name, member] of Object.entries(value)) {
    yield `${before}${JSON.stringify(name)}:`;
    if (Array.isArray(member)) yield* listText(member);
    else if (name === 'resolution') yield* objectText(member);
    else yield JSON.stringify(member);
    before = ',\n';
  }
  yield '\n}';
}

function* listText(rows: readonly unknown[]): Generator<string> {
  let before = '[';
  for (const row of rows) {
    yield `${before}\n${JSON.stringify(row)}`;
    before = ',';
  }
  yield rows.length === 0 ? '[]' : '\n]';
}
