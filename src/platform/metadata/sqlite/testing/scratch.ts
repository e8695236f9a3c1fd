import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

const made: string[] = [];

/** A new directory that is removed when the test file ends. */
export function scratchDirectory(): string {
  if (made.length === 0) {
    after(() => {
      for (const directory of made) rmSync(directory, { recursive: true, force: true });
    });
  }
  const directory = mkdtempSync(join(tmpdir(), 'proofline-metadata-'));
  made.push(directory);
  return directory;
}

export function scratchFile(): string {
  return join(scratchDirectory(), 'proofline.db');
}
