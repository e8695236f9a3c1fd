/**
 * Named places where a crash test may ask the process to die: PROOFLINE_FAILPOINT=name or name:nth (from 1, counted per
 * thread). SIGKILL, because nothing may run after it: no handler, no flush, no exit hook.
 */
function arm(setting: string): (name: string) => void {
  const [wanted = '', nth = '1'] = setting.split(':');
  let left = Number(nth);
  return (name) => {
    if (name !== wanted) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  };
}

const setting = process.env.PROOFLINE_FAILPOINT;

/** Does nothing unless armed when the thread starts. */
export const failpoint: (name: string) => void =
  setting === undefined || setting === '' ? () => undefined : arm(setting);
