/** From the start of the process to ready, against a Node that does nothing. `node bench/start.ts` */
import { spawnSync } from 'node:child_process';
import { createAccount, scratchFolder, startServer } from '../test/support/server.ts';
import { median } from './support/process-figures.ts';

export interface StartFigures {
  rounds: number;
  nodeMs: number;
  readyMs: number;
}

/** On the given data folder, or on an empty one. */
export async function measureStart(dataDir?: string, rounds = 9): Promise<StartFigures> {
  const folder = scratchFolder('bench');
  const path = dataDir ?? folder.path;
  if (dataDir === undefined) await createAccount(path, 'bench', 'admin');
  const node: number[] = [];
  const ready: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const before = performance.now();
    spawnSync(process.execPath, ['-e', '0']);
    const between = performance.now();
    const server = await startServer({ dataDir: path });
    ready.push(performance.now() - between);
    node.push(between - before);
    await server.stop();
  }
  folder.remove();
  return { rounds, nodeMs: median(node), readyMs: median(ready) };
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(await measureStart())}\n`);
