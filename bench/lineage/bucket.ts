import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { dayOf, formatLine, type RunLine } from '#features/lineage/record/run-line.ts';
import { sealRun, sha256Hex } from '#features/lineage/record/seal-run.ts';
import { formatClaim } from '#features/lineage/stores/objects/claim.ts';
import { ServiceObjects } from '#features/lineage/stores/objects/keys.ts';
import { ObjectRunStore } from '#features/lineage/stores/objects/object-run-store.ts';
import { timestamp } from '#kit/time.ts';
import type { ObjectStore } from '#platform/objects/object-store.ts';
import { openS3ObjectStore } from '#platform/objects/s3/open-s3-object-store.ts';
import { startVersitygw } from '../../test/support/services/versitygw.ts';
import { median } from '../support/process-figures.ts';
import { filledKey, runsADay } from './fill-folder.ts';

export interface BucketFigures {
  runs: number;
  /** Milliseconds. */
  latest: number;
  oneDay: number;
}

/** Questions to a bucket with so many runs of one service, a thousand a day, on Versity's gateway, whose folder is filled past it. */
export async function askBucket(runs: number): Promise<BucketFigures> {
  const gateway = await startVersitygw();
  try {
    const bucket = await gateway.createBucket();
    const access = {
      endpoint: gateway.endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      keys: { accessKeyId: gateway.accessKey, secretAccessKey: gateway.secretKey },
    };
    const objects = await openS3ObjectStore({ access, bucket, prefix: 'strict' });
    const days = await fillBucket(objects, join(gateway.data, bucket), runs);
    const store = new ObjectRunStore(objects, 'strict');
    const [day = ''] = days;
    const listed = await store.day(filledKey, { day });
    if (listed.length !== runsADay) throw new Error(`${listed.length} runs were listed, and not ${runsADay}`);
    const last = await store.latest(filledKey);
    if (last?.run_id !== `run-${runs - 1}`) throw new Error(`${last?.run_id} is not the latest run`);
    const latest = await often(() => store.latest(filledKey), 200);
    const oneDay = await often(() => store.day(filledKey, { day }), 100);
    await store.close();
    return { runs, latest, oneDay };
  } finally {
    await gateway.stop();
  }
}

async function often(work: () => Promise<unknown>, times: number): Promise<number> {
  const taken: number[] = [];
  for (let i = 0; i < times; i++) {
    const began = performance.now();
    await work();
    taken.push(performance.now() - began);
  }
  return median(taken);
}

/**
 * As servers leave it: claims, records, and one manifest for each day that is over; the last day has entries. What is asked for goes through
 * the gateway, which keeps more about it; the millions beside it do not.
 */
async function fillBucket(objects: ObjectStore, root: string, runs: number): Promise<string[]> {
  const at = new ServiceObjects('strict', filledKey);
  const put = async (key: string, text: string) => {
    const bytes = new TextEncoder().encode(text);
    await objects.create(key, bytes, await sha256Hex(bytes));
  };
  const write = (key: string, bytes: Uint8Array | string) => {
    const path = join(root, key);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  };
  const days: string[] = [];
  const began = Date.UTC(2020, 0, 1);
  let last: RunLine | undefined;
  for (let first = 0; first < runs; first += runsADay) {
    const lines: RunLine[] = [];
    for (let n = first; n < Math.min(runs, first + runsADay); n++) {
      const received = timestamp(began + (first / runsADay) * 86_400_000 + (n - first) * 80_000);
      const sealed = await sealRun({ ...filledKey, run_id: `run-${n}`, artifact: '{"version":1}' }, received);
      write(at.payload(sealed.line), sealed.payload);
      write(at.claim(sealed.line.run_id), formatClaim(sealed));
      lines.push(sealed.line);
    }
    last = lines.at(-1);
    const day = dayOf(lines[0] ?? { received_at: '' });
    days.push(day);
    if (first + runsADay < runs) await put(at.manifest(day), lines.map(formatLine).join(''));
    else for (const line of lines) await put(at.entry(line), '');
  }
  if (last !== undefined) await put(at.latest, formatLine(last));
  return days;
}
