import { readFileSync } from 'node:fs';

/** Looks again and again at the processes below one, and remembers the most that any of them had in memory: VmHWM, the kernel's own mark. */
export function peakOfChildren(pid: number): { stop(): { peakBytes: number; children: number } } {
  const seen = new Set<number>();
  let peakBytes = 0;
  const look = () => {
    for (const child of descendants(pid)) {
      const mark = /^VmHWM:\s+(\d+) kB/m.exec(read(`/proc/${child}/status`))?.[1];
      if (mark === undefined) continue;
      seen.add(child);
      peakBytes = Math.max(peakBytes, 1024 * Number(mark));
    }
  };
  const timer = setInterval(look, 15);
  return {
    stop: () => {
      clearInterval(timer);
      return { peakBytes, children: seen.size };
    },
  };
}

function descendants(pid: number): number[] {
  const children = read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

/** A process may end between two looks. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
