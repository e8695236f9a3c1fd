import { asProblem } from '#platform/blobs/local/disk-problem.ts';
import { removeFile, replaceFile } from './durable-names.ts';

/**
 * Says that the last process ended with all manifests on the disk. It is there only between an orderly end and the next start:
 * without it the manifests are held against the records before anybody is answered from them.
 */
export class CleanMarker {
  readonly #path: string;

  constructor(dataDir: string) {
    this.#path = `${dataDir}/.clean`;
  }

  /** True when it was there. It is gone for good when this resolves. */
  async take(): Promise<boolean> {
    try {
      return await removeFile(this.#path);
    } catch (error) {
      throw asProblem(error);
    }
  }

  async leave(aside: string): Promise<void> {
    try {
      await replaceFile(this.#path, '', aside, 'durable');
    } catch (error) {
      throw asProblem(error);
    }
  }
}
