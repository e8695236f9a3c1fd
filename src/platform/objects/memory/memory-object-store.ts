import { assertObjectKey, type ListedLevel, type ObjectStore, type StoredObject } from '../object-store.ts';

/** For tests and for showing what the port asks for; nothing survives the process. */
export class MemoryObjectStore implements ObjectStore {
  readonly #objects = new Map<string, StoredObject>();
  #tags = 0;

  async create(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<'created' | 'same' | 'different'> {
    assertObjectKey(key);
    const standing = this.#objects.get(key);
    if (standing === undefined) {
      this.#put(key, bytes);
      return 'created';
    }
    return standing.bytes.length === bytes.length && standing.bytes.every((byte, i) => byte === bytes[i])
      ? 'same'
      : 'different';
  }

  async read(key: string): Promise<StoredObject | undefined> {
    assertObjectKey(key);
    const found = this.#objects.get(key);
    return found === undefined ? undefined : { bytes: found.bytes.slice(), tag: found.tag };
  }

  async replace(key: string, bytes: Uint8Array<ArrayBuffer>, over: string | undefined): Promise<boolean> {
    assertObjectKey(key);
    if (this.#objects.get(key)?.tag !== over) return false;
    this.#put(key, bytes);
    return true;
  }

  async *list(prefix: string, after = ''): AsyncIterable<{ key: string; byteSize: number }> {
    for (const key of this.#keys(prefix)) {
      const found = this.#objects.get(key);
      if (key > after && found !== undefined) yield { key, byteSize: found.bytes.length };
    }
  }

  async level(prefix: string): Promise<ListedLevel> {
    const folders = new Set<string>();
    const objects: string[] = [];
    for (const key of this.#keys(prefix)) {
      const [name = '', ...deeper] = key.slice(prefix.length).split('/');
      if (deeper.length === 0) objects.push(name);
      else folders.add(name);
    }
    return { folders: [...folders], objects };
  }

  async remove(key: string): Promise<void> {
    assertObjectKey(key);
    this.#objects.delete(key);
  }

  async health(): Promise<'ok'> {
    return 'ok';
  }

  async close(): Promise<void> {
    this.#objects.clear();
  }

  #put(key: string, bytes: Uint8Array<ArrayBuffer>): void {
    this.#tags += 1;
    this.#objects.set(key, { bytes: bytes.slice(), tag: String(this.#tags) });
  }

  #keys(prefix: string): string[] {
    return [...this.#objects.keys()].filter((key) => key.startsWith(prefix)).sort();
  }
}
