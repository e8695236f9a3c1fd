import { diskFault } from '#platform/blobs/local/disk-problem.ts';
import type { BlobLog } from '#platform/blobs/local/local-blob-store.ts';
import { formatLine, type RunLine } from '../../record/run-line.ts';
import { replaceFile } from './durable-names.ts';
import type { ServiceFolder } from './service-folder.ts';

const everyMs = 1000;

export interface PointerDeps {
  newest(at: ServiceFolder): Promise<RunLine | undefined>;
  aside(): string;
  log: Pick<BlobLog, 'warn'>;
}

/** `latest.json` of each service, for people and scripts that look into the folder: written at most once a second, and read by nobody here. */
export class LatestPointers {
  readonly #deps: PointerDeps;
  #behind = new Map<string, ServiceFolder>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(deps: PointerDeps) {
    this.#deps = deps;
  }

  moved(at: ServiceFolder): void {
    this.#behind.set(at.id, at);
    this.#timer ??= setTimeout(() => void this.write(), everyMs).unref();
  }

  /** Those that are behind, now. One round after the other, so that none goes back. */
  write(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const behind = this.#behind;
    this.#behind = new Map();
    this.#writing = this.#writing.then(async () => {
      for (const at of behind.values()) await this.#write(at);
    });
    return this.#writing;
  }

  async #write(at: ServiceFolder): Promise<void> {
    try {
      const line = await this.#deps.newest(at);
      if (line !== undefined) await replaceFile(at.latest, formatLine(line), this.#deps.aside(), 'soon');
    } catch (error) {
      // The run is kept and listed; the next one of the service tries again.
      this.#deps.log.warn({ error: diskFault(error).errno }, 'latest.json of a service could not be written');
    }
  }
}
