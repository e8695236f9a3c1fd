import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface LocalFile {
  /** On this machine. */
  readonly path: string;
  /** Names of the folders it lies in, below the one that was given, and its own last. */
  readonly names: readonly string[];
  readonly byteSize: number;
}

export interface PassedOver {
  readonly names: readonly string[];
  readonly reason: string;
}

export interface LocalTree {
  readonly files: readonly LocalFile[];
  /** Also those without a file in them. */
  readonly folders: readonly (readonly string[])[];
  readonly passedOver: readonly PassedOver[];
}

/** All files below a folder, in the order of their names. Links are not followed: they may lead anywhere, and back. */
export async function localTree(root: string): Promise<LocalTree> {
  const files: LocalFile[] = [];
  const folders: (readonly string[])[] = [];
  const passedOver: PassedOver[] = [];
  const walk = async (above: readonly string[]): Promise<void> => {
    const entries = await readdir(join(root, ...above), { withFileTypes: true });
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const names = [...above, entry.name];
      if (entry.isDirectory()) {
        folders.push(names);
        await walk(names).catch((error: unknown) => passedOver.push({ names, reason: reasonOf(error) }));
      } else if (entry.isFile()) {
        const path = join(root, ...names);
        await stat(path).then(
          ({ size }) => files.push({ path, names, byteSize: size }),
          (error: unknown) => passedOver.push({ names, reason: reasonOf(error) }),
        );
      } else passedOver.push({ names, reason: entry.isSymbolicLink() ? 'a link' : 'no ordinary file' });
    }
  };
  await walk([]);
  return { files, folders, passedOver };
}

/** The code of a system call's error: never its message, which holds a path. */
export function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
}
