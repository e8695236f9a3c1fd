import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { tuspyPython } from '../../support/needs.ts';
import { repository } from '../../support/server.ts';

export interface TuspyWish {
  endpoint: string;
  token: string;
  metadata: Record<string, string>;
  /** Of one request. Bytes. */
  chunkSize: number;
  /** To go on with. */
  url?: string;
}

export interface TuspyAnswer {
  url?: string;
  result?: string | null;
  status?: number;
  body?: string;
}

export interface Tuspy {
  upload(bytes: Uint8Array, wish: TuspyWish): Promise<TuspyAnswer>;
  close(): Promise<void>;
}

/** The Python client of tus.io, one process for all uploads of a file of tests, one after the other. */
export function startTuspy(folder: string): Tuspy {
  const python = tuspyPython();
  if (python === undefined) throw new Error('no tuspy');
  const script = join(repository, 'test/chunk-uploads/support/tuspy-upload.py');
  const child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let count = 0;
  return {
    async upload(bytes, { chunkSize: chunk_size, ...wish }) {
      const file = join(folder, `tuspy-${count++}`);
      writeFileSync(file, bytes);
      try {
        child.stdin.write(`${JSON.stringify({ ...wish, chunk_size, file })}\n`);
        const line = await lines.next();
        if (line.done === true) throw new Error('tuspy ended');
        return JSON.parse(line.value) as TuspyAnswer; // what the script prints
      } finally {
        unlinkSync(file);
      }
    },
    async close() {
      const exited = once(child, 'exit');
      child.stdin.end();
      await exited;
    },
  };
}
