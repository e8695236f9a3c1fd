import { createInterface } from 'node:readline';
import { openValkey } from '#platform/coordination/valkey/valkey.ts';
import { parseRedisUrl } from '#platform/coordination/valkey/valkey-address.ts';
import { createLog } from '#platform/process/log.ts';

/** A node that holds a lease: says so, and gives it back when it is told to. `hold-lease.ts <redis url> <name> <milliseconds>` */
const [url = '', name = '', ttlMs = ''] = process.argv.slice(2);
const address = parseRedisUrl(url);
if (address === undefined) throw new Error('no redis url');
const coordinator = await openValkey(address, createLog('error'));
const lease = await coordinator.lease(name, Number(ttlMs));
process.stdout.write(lease === undefined ? 'refused\n' : 'held\n');
for await (const line of createInterface({ input: process.stdin })) {
  if (line !== 'release') continue;
  await lease?.release();
  process.stdout.write('released\n');
}
await coordinator.close();
