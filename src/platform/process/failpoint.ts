/**
 * Named places where the crash harness may end the process: PROOFLINE_FAILPOINT=name or name:nth kills it with SIGKILL at the nth
 * arrival there. Unset, a call is one comparison.
 */
const [target, nth = '1'] = (process.env.PROOFLINE_FAILPOINT ?? '').split(':');
let remaining = Number(nth);

export function failpoint(name: string): void {
  if (name !== target) return;
  remaining -= 1;
  if (remaining === 0) process.kill(process.pid, 'SIGKILL');
}
