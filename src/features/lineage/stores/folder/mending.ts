import { diskFault } from '#platform/blobs/local/disk-problem.ts';
import type { BlobLog } from '#platform/blobs/local/local-blob-store.ts';
import { listServices } from './list-services.ts';
import { ServiceFolder } from './service-folder.ts';

export interface MendingDeps {
  dataDir: string;
  /** Throws when the folder has gone with its disk, where nothing would seem to be left to mend. */
  there(): Promise<unknown>;
  mend(at: ServiceFolder): Promise<unknown>;
  log: BlobLog;
}

/** After an end that was not orderly: each service is mended once, before anybody is answered about it and otherwise in the background. */
export class Mending {
  readonly #deps: MendingDeps;
  readonly #begun = new Map<string, Promise<unknown>>();
  readonly #walk: Promise<boolean>;
  #stopped = false;

  constructor(deps: MendingDeps) {
    this.#deps = deps;
    this.#walk = this.#mendAll();
  }

  /** Throws storage_unavailable, and the next one who asks tries again. */
  async whole(at: ServiceFolder): Promise<void> {
    let mending = this.#begun.get(at.id);
    if (mending === undefined) {
      mending = this.#deps.mend(at);
      this.#begun.set(at.id, mending);
      mending.catch(() => this.#begun.delete(at.id));
    }
    await mending;
  }

  /** True when nothing is left to mend. */
  async stop(): Promise<boolean> {
    this.#stopped = true;
    return await this.#walk;
  }

  async #mendAll(): Promise<boolean> {
    const { dataDir, log, there } = this.#deps;
    try {
      for await (const key of listServices(dataDir)) {
        const at = new ServiceFolder(dataDir, key);
        if (this.#stopped && !this.#begun.has(at.id)) return false;
        await this.whole(at);
      }
      await there();
      return true;
    } catch (error) {
      log.warn(
        { error: diskFault(error).errno },
        'the manifests could not all be mended; the next start goes on with it',
      );
      return false;
    }
  }
}
