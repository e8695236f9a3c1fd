/**
 * A named place where a test may kill the process: `PROOFLINE_FAILPOINT=name` at the first arrival, `name:3` at the third.
 * SIGKILL, so that nothing is flushed or closed; `name:3:SIGSTOP` freezes it there instead. Each thread counts its own arrivals.
 */
const [armed, nth = '1', how] = (process.env.PROOFLINE_FAILPOINT ?? '').split(':');
let arrivals = 0;

export function failpoint(name: string): void {
  if (name !== armed) return;
  arrivals += 1;
  if (arrivals === Number(nth)) process.kill(process.pid, how === 'SIGSTOP' ? 'SIGSTOP' : 'SIGKILL');
}
