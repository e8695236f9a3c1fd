/** A process that writes one row after another and prints each id once it is acknowledged: `write-until-killed.ts <file>`. */
import { writeSync } from 'node:fs';
import { openSqlite } from '#platform/metadata/sqlite/open.ts';
import { put } from './faulty.ts';

const [path = ''] = process.argv.slice(2);
const metadata = await openSqlite({ path, writerModule: new URL('./faulty.thread.ts', import.meta.url) });
for (let n = 1; n <= 20; n++) writeSync(1, `${await metadata.write(put, `aud_${n}`)}\n`);
await metadata.close();
