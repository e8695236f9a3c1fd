import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface BenchDisk {
  path: string;
  /** For the report. */
  description: string;
  release(): void;
}

/**
 * A new ext4 in an image file, where this user may mount one: an old filesystem's history (mass deletions above all) would be measured
 * along. Elsewhere the temporary folder, and the report says so. `inodes` where files are many and small.
 */
export function freshFilesystem(bytes: number, { inodes }: { inodes?: number } = {}): BenchDisk {
  const folder = mkdtempSync(join(tmpdir(), 'proofline-bench-disk-'));
  const image = join(folder, 'image');
  const mount = join(folder, 'mount');
  try {
    writeFileSync(image, '');
    truncateSync(image, bytes);
    const many = inodes === undefined ? [] : ['-N', String(inodes)];
    execFileSync('mkfs.ext4', ['-q', '-E', 'lazy_itable_init=0,lazy_journal_init=0', ...many, image], {
      stdio: 'pipe',
    });
    execFileSync('mkdir', [mount]);
    execFileSync('mount', ['-o', 'loop', image, mount], { stdio: 'pipe' });
    // PostgreSQL runs as another user, and must come through.
    chmodSync(folder, 0o711);
  } catch {
    rmSync(image, { force: true });
    return {
      path: folder,
      description: 'the temporary folder (no fresh filesystem could be mounted)',
      release: () => rmSync(folder, { recursive: true, force: true }),
    };
  }
  return {
    path: mount,
    description: 'a fresh ext4 in a loop-mounted image',
    release: () => {
      execFileSync('umount', ['-l', mount]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
