import { openConnection } from './connection.ts';

/**
 * Walks the whole file and returns what is wrong with it, in SQLite's words; empty when nothing is. Takes minutes on a large
 * file, so only `proofline doctor` asks for it.
 */
export function quickCheckSqlite(path: string): string[] {
  const database = openConnection(path, 'reader');
  try {
    const rows = database.prepare('PRAGMA quick_check').all();
    return rows.map((row) => String(row.quick_check)).filter((line) => line !== 'ok');
  } finally {
    database.close();
  }
}
