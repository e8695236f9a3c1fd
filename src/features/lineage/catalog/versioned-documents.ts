import type { Timestamp } from '#kit/time.ts';
import type { ObjectStore } from '#platform/objects/object-store.ts';
import { catalogRoot, type DocumentKind, isDocumentId } from './catalog-keys.ts';
import { decodeCursor, type Page, pageOf } from './cursor.ts';
import { type Kept, keepSealed, readSealed, type Sealed, seal } from './sealed-object.ts';
import { compareVersions, isVersion, latestVersion } from './version.ts';

export interface PageAsked {
  limit: number;
  cursor?: string | undefined;
}

export interface DocumentVersion {
  id: string;
  version: string;
}

export interface VersionPage extends Page<string> {
  latest: string;
}

/**
 * Documents that never change, each in versions: one object a version, made whole or not at all. Which versions there are is what
 * the names of the objects say. Ids and versions are checked by whoever calls.
 */
export class VersionedDocuments {
  readonly #objects: ObjectStore;
  readonly #root: string;

  constructor(objects: ObjectStore, prefix: string, kind: DocumentKind) {
    this.#objects = objects;
    this.#root = `${catalogRoot(prefix)}${kind}/`;
  }

  /** Throws storage_unavailable, storage_full. */
  async put({ id, version }: DocumentVersion, bytes: Uint8Array<ArrayBuffer>, receivedAt: Timestamp): Promise<Kept> {
    return await keepSealed(this.#objects, this.#key(id, version), await seal(bytes, receivedAt));
  }

  /** Throws evidence_corrupt. */
  async read({ id, version }: DocumentVersion): Promise<Sealed | undefined> {
    return await readSealed(this.#objects, this.#key(id, version));
  }

  async latest(id: string): Promise<string | undefined> {
    return latestVersion(await this.#versions(id));
  }

  /** Highest first; undefined where there is none. */
  async versions(id: string, { cursor, limit }: PageAsked): Promise<VersionPage | undefined> {
    const after = decodeCursor(cursor, isVersion);
    const all = await this.#versions(id);
    const latest = latestVersion(all);
    if (latest === undefined) return undefined;
    const below = all.filter((version) => after === undefined || compareVersions(version, after) < 0);
    return { latest, ...pageOf(below.sort(compareVersions).reverse(), limit, (version) => version) };
  }

  /** In order of their ids. */
  async list({ cursor, limit }: PageAsked): Promise<Page<DocumentVersion>> {
    const after = decodeCursor(cursor, isDocumentId);
    const { folders } = await this.#objects.level(this.#root);
    const ids = folders.flatMap((name) => /^id=(.+)$/.exec(name)?.[1] ?? []).sort();
    const { items, ...rest } = pageOf(
      ids.filter((id) => after === undefined || id > after),
      limit,
      (id) => id,
    );
    const latest = await Promise.all(items.map(async (id) => ({ id, version: await this.latest(id) })));
    return { items: latest.flatMap(({ id, version }) => (version === undefined ? [] : { id, version })), ...rest };
  }

  async #versions(id: string): Promise<string[]> {
    const { objects } = await this.#objects.level(`${this.#root}id=${id}/`);
    return objects.flatMap((name) => /^version=(.+)\.json$/.exec(name)?.[1] ?? []).filter(isVersion);
  }

  #key(id: string, version: string): string {
    return `${this.#root}id=${id}/version=${version}.json`;
  }
}
