import { openConnection } from './connection.ts';
import { primaryCode, resultCode } from './result-codes.ts';

/**
 * Walks the whole file and returns what is wrong with it, in SQLite's words; empty when nothing is. Takes minutes on a large
 * file, so only `proofline doctor` asks for it. Throws StartupError when the file does not even open.
 */
export function quickCheckSqlite(path: string): string[] {
  const database = openConnection(path, 'reader');
  try {
    const rows = database.prepare('PRAGMA quick_check').all();
    return rows.map((row) => String(row.quick_check)).filter((line) => line !== 'ok');
  } catch (error) {
    if (error instanceof Error && primaryCode(error) === resultCode.corrupt) return [error.message];
    throw error;
  } finally {
    database.close();
  }
}
