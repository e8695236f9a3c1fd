/**
 * What one PutObject of 64 KiB costs this process, 32 at once: our store, its request alone, the bare SDK and a bare `node:http`
 * request as the floor. Against a server that only swallows bodies, so that the client is what is measured, and against versitygw
 * where it is installed. Each side runs in a process of its own, alternating. `node bench/s3.ts [swallow|versitygw]`
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { missing } from '../test/support/needs.ts';
import { testKeys } from '../test/support/services/s3-server.ts';
import { startVersitygw } from '../test/support/services/versitygw.ts';

const sides = {
  http: 'bare `node:http`, no signature',
  sdk: 'bare SDK as it comes',
  'sdk-required': 'bare SDK, checksums only where required, our SHA-256 passed',
  request: 'our request alone',
  store: 'our store: staged, hashed, committed',
} as const;
type Side = keyof typeof sides;
const names = Object.keys(sides) as Side[]; // the keys of the literal above, nothing else

interface Figures {
  perSecond: number;
  cpuMicroseconds: number;
  p50: number;
  p99: number;
}

const rounds = 5;
const script = (name: string) => fileURLToPath(new URL(`./s3/${name}.ts`, import.meta.url));

const only = process.argv[2];
if (only !== 'versitygw') await swallowed();
if (only !== 'swallow') await onVersitygw();

async function swallowed(): Promise<void> {
  const sink = spawn(process.execPath, [script('sink')], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await compare('a server that swallows bodies', await endpointOf(sink), 'bucket', names, 3_000);
  } finally {
    sink.kill();
  }
}

async function onVersitygw(): Promise<void> {
  if (missing('versitygw').length > 0) {
    print(`\nnot measured on a real store: ${missing('versitygw').join()}`);
    return;
  }
  const gateway = await startVersitygw();
  try {
    const real: Side[] = ['sdk', 'sdk-required', 'request', 'store'];
    await compare('versitygw', gateway.endpoint, await gateway.createBucket(), real, 1_500);
  } finally {
    await gateway.stop();
  }
}

async function compare(title: string, endpoint: string, bucket: string, of: Side[], count: number): Promise<void> {
  const figures = new Map<Side, Figures[]>(of.map((side) => [side, []]));
  for (let round = 0; round < rounds; round++)
    for (const side of of) figures.get(side)?.push(run(side, endpoint, bucket, count));
  print(`\n${title}: 64 KiB, 32 at once, medians of ${rounds} alternating rounds`);
  print('| side | requests/s | CPU µs a request | p50 ms | p99 ms |\n|---|---|---|---|---|');
  for (const side of of) {
    const median = (name: keyof Figures) => {
      const values = (figures.get(side) ?? []).map((one) => one[name]).sort((a, b) => a - b);
      return values[values.length >> 1] ?? Number.NaN;
    };
    const cells = [median('perSecond').toFixed(0), median('cpuMicroseconds').toFixed(0)];
    cells.push(median('p50').toFixed(1), median('p99').toFixed(1));
    print(`| ${sides[side]} | ${cells.join(' | ')} |`);
  }
}

function run(side: Side, endpoint: string, bucket: string, count: number): Figures {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [script('side'), side, endpoint, bucket, String(count), testKeys.accessKey, testKeys.secretKey],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`${side} failed: ${stderr}`);
  return JSON.parse(stdout);
}

async function endpointOf(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('the server has no output');
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return String(line);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
