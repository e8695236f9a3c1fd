/** A process that migrates: `migrate-once.ts <file> <directory>`; prints the steps it took. */
import { pathToFileURL } from 'node:url';
import { migrateSqlite } from '#platform/metadata/sqlite/migrate.ts';

const [path = '', directory = ''] = process.argv.slice(2);
process.stdout.write(JSON.stringify(migrateSqlite({ path, directory: pathToFileURL(`${directory}/`) })));
