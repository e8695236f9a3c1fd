import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, globSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'node:test';
import { postgresBinaries } from './services/postgres.ts';

const versitygwVersion = 'v1.8.0';
const openLineageVersion = '1.54.0';
const tuspyVersion = '1.1.0';

/** What a test of faults may need of the machine, and how to get it. */
const needs = {
  root: { there: () => process.getuid?.() === 0, how: 'run as root' },
  loop: { there: () => existsSync('/dev/loop-control'), how: 'a kernel with loop devices (/dev/loop-control)' },
  unshare: { there: () => inPath('unshare') && inPath('nsenter'), how: 'apt-get install util-linux' },
  mount: { there: () => inPath('mount') && inPath('umount'), how: 'apt-get install mount' },
  // Node has no ioctl.
  perl: { there: () => inPath('perl'), how: 'apt-get install perl-base' },
  ip: { there: () => inPath('ip'), how: 'apt-get install iproute2' },
  strace: { there: () => inPath('strace'), how: 'apt-get install strace' },
  ext4: { there: () => inPath('mkfs.ext4'), how: 'apt-get install e2fsprogs' },
  xfs: { there: () => inPath('mkfs.xfs'), how: 'apt-get install xfsprogs' },
  eatmydata: {
    there: () => globSync('/usr/lib{,64}/{,*/}libeatmydata.so*').length > 0,
    how: 'apt-get install libeatmydata1',
  },
  postgres: {
    there: () => postgresBinaries() !== undefined,
    how: 'apt-get install --no-install-recommends postgresql',
  },
  // Debian 12 has no Valkey; Redis 7 speaks the same.
  valkey: {
    there: () => inPath('valkey-server') || inPath('redis-server'),
    how: 'apt-get install --no-install-recommends redis-server',
  },
  radosgw: {
    there: () => process.getuid?.() === 0 && ['radosgw', 'ceph-mon', 'ceph-osd', 'ceph'].every(inPath),
    how: 'as root, apt-get install --no-install-recommends radosgw ceph-mon ceph-osd ceph-common',
  },
  versitygw: { there: () => versitygwBinary() !== undefined, how: '.ci/install-versitygw' },
  openlineage: { there: () => openLineagePython() !== undefined, how: '.ci/install-openlineage' },
  tuspy: { there: () => tuspyPython() !== undefined, how: '.ci/install-tuspy' },
  rclone: { there: () => inPath('rclone'), how: 'apt-get install --no-install-recommends rclone' },
  tesseract: {
    there: () => inPath('tesseract') && fontsFound(),
    how: 'apt-get install --no-install-recommends tesseract-ocr tesseract-ocr-deu fonts-dejavu-core',
  },
  ffmpeg: { there: () => inPath('ffmpeg'), how: 'apt-get install --no-install-recommends ffmpeg' },
  nginx: { there: () => inPath('nginx'), how: 'apt-get install --no-install-recommends nginx-light' },
  caddy: { there: () => inPath('caddy'), how: 'apt-get install --no-install-recommends caddy' },
  curl: { there: () => inPath('curl'), how: 'apt-get install --no-install-recommends curl' },
  openssl: { there: () => inPath('openssl'), how: 'apt-get install openssl' },
  yaml: { there: () => spawnSync('python3', ['-c', 'import yaml']).status === 0, how: 'apt-get install python3-yaml' },
  // Only to read unit files: it need not be what runs the machine.
  systemd: { there: () => inPath('systemd-analyze'), how: 'apt-get install --no-install-recommends systemd' },
} as const;

export type Need = keyof typeof needs;

/** The needs that are not met, each with how to meet it; empty when all are. */
export function missing(...wanted: readonly Need[]): string[] {
  return wanted.filter((need) => !needs[need].there()).map((need) => `${need} (${needs[need].how})`);
}

/**
 * Skips the test, aloud, when the machine lacks something it needs. Where nothing may be lacking, in CI as root, it fails instead.
 * `if (lacks(t, 'root', 'strace')) return;`
 */
export function lacks(t: TestContext, ...wanted: readonly Need[]): boolean {
  const absent = missing(...wanted);
  if (absent.length === 0) return false;
  const message = `needs ${absent.join(', ')}`;
  if (process.env.CI === 'true' && process.getuid?.() === 0) throw new Error(`${t.name}: ${message}`);
  process.stdout.write(`SKIPPED ${t.name}: ${message}\n`);
  t.skip(message);
  return true;
}

export function inPath(command: string): boolean {
  // sbin is not in everybody's PATH, but mkfs is there.
  return [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'].some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** What a test writes with, to be recognised. */
function fontsFound(): boolean {
  return existsSync('/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf');
}

/** Where .ci/install-versitygw puts it, or one of the system's. */
export function versitygwBinary(): string | undefined {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const own = join(cache, 'proofline', `versitygw-${versitygwVersion}`, 'versitygw');
  if (existsSync(own)) return own;
  return inPath('versitygw') ? 'versitygw' : undefined;
}

/** The Python that has OpenLineage's client, where .ci/install-openlineage puts it. */
export const openLineagePython = () => pythonWith(`openlineage-${openLineageVersion}`);

/** The Python that has the client of tus.io, where .ci/install-tuspy puts it. */
export const tuspyPython = () => pythonWith(`tuspy-${tuspyVersion}`);

function pythonWith(name: string): string | undefined {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const folder = join(cache, 'proofline', name);
  return existsSync(join(folder, 'installed')) ? join(folder, 'bin/python') : undefined;
}
