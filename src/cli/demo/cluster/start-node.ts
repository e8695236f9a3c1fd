import { join } from 'node:path';
import { type DemoProcess, startDemoProcess } from '../demo-process.ts';

export interface DemoNode extends Pick<DemoProcess, 'kill' | 'stop'> {
  readonly name: string;
  readonly url: string;
  readonly port: number;
  readonly adminUrl: string;
}

/** A node as a process of its own, on free ports, with the backends that the environment names. */
export async function startNode(name: string, folder: string): Promise<DemoNode> {
  const { kill, ready, stop } = await startDemoProcess(name, folder, ['serve'], {
    SAFE_DATA_DIR: join(folder, name),
    SAFE_MAIN_BIND_ADDRS: '127.0.0.1:0',
    SAFE_ADMIN_BIND_ADDRS: '127.0.0.1:0',
  });
  const url = (listener: string) => `http://${ready[listener]?.[0]}`;
  return { name, url: url('main'), port: Number(new URL(url('main')).port), adminUrl: url('admin'), kill, stop };
}
