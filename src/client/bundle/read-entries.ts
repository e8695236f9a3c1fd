import { type BundleEntry, type BundleSource, collect } from './bundle-source.ts';
import { type Fail, reason } from './verify-stream.ts';

/** A manifest grows by under 1 KiB a chunk; this is room for a quarter of a million of them. */
const maxManifestBytes = 256 * 1024 * 1024;

export function indexEntries<E extends BundleEntry>(list: readonly E[], fail: Fail): ReadonlyMap<string, E> {
  const entries = new Map<string, E>();
  for (const entry of list) {
    // Of two entries with one name, programs disagree about which counts.
    if (entries.has(entry.name)) fail('entry_duplicate', 'The bundle holds two entries of this name.', entry.name);
    else entries.set(entry.name, entry);
    if (!entry.stored)
      fail('entry_compressed', 'The entry is compressed; a bundle as the server makes it never is.', entry.name);
  }
  return entries;
}

/** The whole of an entry that is not a chunk; undefined, and told, when it cannot be had. */
export async function readEntry<E extends BundleEntry>(
  source: BundleSource<E>,
  entries: ReadonlyMap<string, E>,
  name: string,
  fail: Fail,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const entry = entries.get(name);
  if (!entry) {
    fail('manifest_missing', `${name} is not in the bundle.`, name);
    return undefined;
  }
  try {
    const bytes = entry.byteSize > maxManifestBytes ? undefined : await collect(source.read(entry), entry.byteSize);
    if (bytes) return bytes;
    fail('manifest_unreadable', `${name} is larger than any real one, or not as large as the ZIP says.`, name);
  } catch (error) {
    fail('manifest_unreadable', `${name} cannot be read: ${reason(error)}`, name);
  }
  return undefined;
}

export interface ReadJson {
  readonly json: unknown;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export async function readJson<E extends BundleEntry>(
  source: BundleSource<E>,
  entries: ReadonlyMap<string, E>,
  name: string,
  fail: Fail,
): Promise<ReadJson | undefined> {
  const bytes = await readEntry(source, entries, name, fail);
  if (bytes === undefined) return undefined;
  try {
    return { json: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)), bytes };
  } catch (error) {
    fail('manifest_unreadable', `The manifest cannot be read: ${reason(error)}`, name);
    return undefined;
  }
}

export function noteProblems(problems: readonly string[], entry: string, fail: Fail): void {
  for (const problem of problems) fail('manifest_invalid', `In the manifest, ${problem}.`, entry);
}
