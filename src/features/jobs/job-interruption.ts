/** Why a running job is to end before it has. The reason of its signal. */
export class JobInterruption extends Error {
  readonly why: 'stopping' | 'timed_out' | 'lost';

  constructor(why: JobInterruption['why']) {
    super(
      {
        stopping: 'The process is told to stop.',
        timed_out: 'The job took longer than it may.',
        lost: 'Another process has taken the job over.',
      }[why],
    );
    this.name = 'JobInterruption';
    this.why = why;
  }
}
