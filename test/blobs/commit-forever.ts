/** Started by the tests beside it: commits bodies to the folder in argv until it dies, and says each on stdout once it is durable. */
import { writeSync } from 'node:fs';
import { Readable } from 'node:stream';
import { openLocalBlobStore } from '#platform/blobs/local/local-blob-store.ts';

const [dataDir = '', atOnce = '4'] = process.argv.slice(2);
const store = await openLocalBlobStore({ dataDir, stagingQuotaBytes: 2 ** 28, maxBodyBytes: 2 ** 26 });
const sizes = [65_536, 65_948, 100, 0, 300_001, 6_000_000];
let next = 0;

async function commitOn(): Promise<void> {
  for (;;) {
    const i = next++;
    const bytes = Buffer.alloc(sizes[i % sizes.length] ?? 0, i % 251);
    const body = Readable.from(bytes.length === 0 ? [] : [bytes], { objectMode: false });
    const staged = await store.staging.receive(body, { maxBytes: 2 ** 26, declaredBytes: bytes.length });
    const path = `inc_${i % 3}/str_${i % 5}/${i}`;
    const outcome = await store.commit(path, staged);
    writeSync(1, `${path} ${staged.sha256Hex} ${bytes.length} ${outcome}\n`);
  }
}

await Promise.all(Array.from({ length: Number(atOnce) }, commitOn));
