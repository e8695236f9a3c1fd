import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Random } from '../../support/random.ts';
import { startHarmfulProxy } from '../../support/services/harmful-proxy.ts';

/** What lies between a relay and its core. */
export interface Wire {
  coreEnv: Record<string, string>;
  relayEnv: Record<string, string>;
  wrapper: readonly string[];
  between(relayApiUrl: string): Promise<string>;
  /** Cuts it in some way, and heals it after so many milliseconds. */
  cut(ms: number, random: Random): Promise<void>;
  close(): Promise<void>;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A proxy that resets, swallows what is sent or what is answered, or holds everything back. */
export function harmfulWire(): Wire {
  let proxy: Awaited<ReturnType<typeof startHarmfulProxy>> | undefined;
  return {
    coreEnv: {},
    relayEnv: {},
    wrapper: [],
    between: async (relayApiUrl) => {
      proxy = await startHarmfulProxy(Number(new URL(relayApiUrl).port));
      return `http://127.0.0.1:${proxy.port}`;
    },
    cut: async (ms, random) => {
      const how = random.pick<'reset' | 'half-open' | 'blackhole' | 'unanswered'>([
        'reset',
        'half-open',
        'blackhole',
        'unanswered',
      ]);
      if (how === 'reset') return proxy?.reset();
      proxy?.set(how);
      await pause(ms);
      proxy?.set('fine');
    },
    close: async () => await proxy?.close(),
  };
}

const run = promisify(execFile);
const ip = (...args: readonly string[]) =>
  run('ip', args, { env: { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` } });

/** The relay in a network of its own: one cable to the core, which is pulled, and one to its clients. Needs root and ip. */
export async function pulledCable(name: string): Promise<Wire> {
  const network = `proofline-${name}`;
  const octet = 100 + (process.pid % 100);
  const cables = { core: `10.${octet}.1`, client: `10.${octet}.2` };
  await ip('netns', 'add', network);
  for (const [end, prefix] of Object.entries(cables)) {
    const here = `${end}${process.pid}`;
    await ip('link', 'add', here, 'type', 'veth', 'peer', 'name', end, 'netns', network);
    await ip('addr', 'add', `${prefix}.1/24`, 'dev', here);
    await ip('link', 'set', here, 'up');
    await ip('-n', network, 'addr', 'add', `${prefix}.2/24`, 'dev', end);
    await ip('-n', network, 'link', 'set', end, 'up');
  }
  return {
    coreEnv: { SAFE_RELAY_API_BIND_ADDRS: `${cables.core}.1:0` },
    relayEnv: {
      SAFE_RELAY_BIND_ADDRS: `${cables.client}.2:0`,
      SAFE_RELAY_METRICS_BIND_ADDRS: `${cables.client}.2:0`,
    },
    wrapper: ['ip', 'netns', 'exec', network],
    between: async (relayApiUrl) => relayApiUrl,
    cut: async (ms) => {
      await ip('link', 'set', `core${process.pid}`, 'down');
      await pause(ms);
      await ip('link', 'set', `core${process.pid}`, 'up');
    },
    close: async () => {
      await ip('netns', 'del', network);
    },
  };
}
