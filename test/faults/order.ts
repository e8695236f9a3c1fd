import { dirname } from 'node:path';
import { descriptorPath, type TracedCall } from './trace.ts';

const isFlush = ({ name }: TracedCall) => name === 'fsync' || name === 'fdatasync';
const isWrite = ({ name }: TracedCall) => /^p?writev?(64)?$/.test(name);
const worked = ({ result }: TracedCall) => result >= 0;

export interface Acknowledged {
  /** End of the blob's path, from `incidents/` on; undefined for an answer that is about rows alone. */
  blob?: string;
  byteSize?: number;
  /** Stands in the answer and nowhere else before it. */
  id: string;
}

/**
 * Whether an acknowledgement was given only after everything it rests on: bytes written, file flushed, name given, folder flushed (and
 * the parents of folders that were new), row written to the WAL, WAL flushed, answer. Returns what is out of order.
 */
export function disorder(calls: readonly TracedCall[], ack: Acknowledged): string[] {
  const answer = calls.find((call) => isWrite(call) && call.args.includes('HTTP/1.1 20') && call.args.includes(ack.id));
  if (answer === undefined) return [`${ack.id}: no answer in the trace`];
  let since = 0;
  if (ack.blob !== undefined) {
    const placed = orderOfBlob(calls, ack.blob, ack.byteSize ?? 0, answer);
    if (typeof placed === 'string') return [`${ack.id}: ${placed}`];
    since = placed;
  }
  const wal = (call: TracedCall) => descriptorPath(call).endsWith('-wal') && worked(call);
  const recorded = calls.some(
    (write) =>
      isWrite(write) &&
      wal(write) &&
      write.begin > since &&
      calls.some((flush) => isFlush(flush) && wal(flush) && flush.begin > write.end && flush.end < answer.begin),
  );
  return recorded ? [] : [`${ack.id}: answered before a flush of the WAL that followed its blob`];
}

/** Where the folder's flush ended, or what is wrong. */
function orderOfBlob(
  calls: readonly TracedCall[],
  blob: string,
  byteSize: number,
  answer: TracedCall,
): number | string {
  const link = calls.find(
    ({ name, args, result }) => name.startsWith('link') && result === 0 && args.includes(`${blob}"`),
  );
  if (link === undefined) return 'no link of its blob';
  const [, staged = '', target = ''] = /"([^"]+)",[^"]*"([^"]+)"/.exec(link.args) ?? [];
  const onStaged = calls.filter((call) => descriptorPath(call) === staged && call.end < link.begin);
  const flush = onStaged.find((call) => isFlush(call) && worked(call));
  if (flush === undefined) return 'its file was not flushed before the link';
  const written = onStaged.filter((call) => isWrite(call) && call.end < flush.begin);
  const bytes = written.reduce((sum, { result }) => sum + Math.max(0, result), 0);
  if (bytes < byteSize) return `${bytes} of ${byteSize} bytes were written before its flush`;
  const folderFlush = flushOf(calls, dirname(target), link.end, answer.begin);
  if (folderFlush === undefined) return 'its folder was not flushed between link and answer';
  for (const made of calls.filter(({ name, result }) => name.startsWith('mkdir') && result === 0)) {
    const folder = /"([^"]+)"/.exec(made.args)?.[1] ?? '';
    if (!target.startsWith(`${folder}/`) || made.end > link.begin) continue;
    if (flushOf(calls, dirname(folder), made.end, answer.begin) === undefined)
      return 'the parent of a new folder was not flushed before the answer';
  }
  return folderFlush.end;
}

function flushOf(calls: readonly TracedCall[], path: string, after: number, before: number): TracedCall | undefined {
  return calls.find(
    (call) => isFlush(call) && worked(call) && descriptorPath(call) === path && call.begin > after && call.end < before,
  );
}

/** A flush that failed proves nothing when it is repeated: the kernel has forgotten which pages it could not write. */
export function repeatedFlushes(calls: readonly TracedCall[]): string[] {
  return calls
    .filter((call) => isFlush(call) && !worked(call))
    .filter((failed) =>
      calls.some((call) => isFlush(call) && call.begin > failed.end && descriptorPath(call) === descriptorPath(failed)),
    )
    .map((failed) => `a flush was repeated after it had failed: ${kindOf(descriptorPath(failed))}`);
}

export function failedFlush(calls: readonly TracedCall[]): boolean {
  return calls.some((call) => isFlush(call) && !worked(call));
}

function kindOf(path: string): string {
  if (path.endsWith('-wal')) return 'the WAL';
  if (path.includes('/staging/')) return 'a staged file';
  return path.includes('/blobs') ? 'a blob folder' : 'the database';
}
