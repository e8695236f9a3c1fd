import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** SHA-256 in lower-case hexadecimal. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(piece as Buffer); // a byte stream
  return hash.digest('hex');
}
