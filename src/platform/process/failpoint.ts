/**
<<<<<<< HEAD
 * Named places where the crash harness may end the process: PROOFLINE_FAILPOINT=name or name:nth kills it with SIGKILL at the nth
 * arrival there. Unset, a call is one comparison.
 */
const [target, nth = '1'] = (process.env.PROOFLINE_FAILPOINT ?? '').split(':');
let remaining = Number(nth);

export function failpoint(name: string): void {
  if (name !== target) return;
  remaining -= 1;
  if (remaining === 0) process.kill(process.pid, 'SIGKILL');
=======
 * A named place where a test may kill the process: `PROOFLINE_FAILPOINT=name` at the first arrival, `name:3` at the third.
 * SIGKILL, so that nothing is flushed or closed. Each thread counts its own arrivals.
 */
const [armed, nth = '1'] = (process.env.PROOFLINE_FAILPOINT ?? '').split(':');
let arrivals = 0;

export function failpoint(name: string): void {
  if (name !== armed) return;
  arrivals += 1;
  if (arrivals === Number(nth)) process.kill(process.pid, 'SIGKILL');
>>>>>>> metadata
}
