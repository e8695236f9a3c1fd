import { EnvelopeError } from '#client/envelope/envelope-error.ts';
import { RecorderError, type RecorderErrorCode } from '#recorder/recorder-error.ts';

/** As sysexits.h has them where it has one: 66 no input, 69 unavailable, 70 internal, 73 cannot create, 75 try again. */
const exitCodeOf: Record<RecorderErrorCode, number> = {
  usage: 2,
  no_input: 66,
  ffmpeg_missing: 69,
  ffmpeg_failed: 1,
  disk_full: 1,
  state_exists: 73,
  state_missing: 66,
  state_damaged: 1,
  state_in_use: 75,
  output_exists: 73,
  not_a_bundle: 1,
};

/** Prints what a person can mend as one sentence, and a defect of ours with its stack. Returns the exit code. */
export function describeFailure(command: string, error: unknown, json: boolean): number {
  const known =
    error instanceof RecorderError ||
    error instanceof EnvelopeError ||
    (error instanceof TypeError && error.message.startsWith('The server address'));
  const code =
    error instanceof RecorderError || error instanceof EnvelopeError ? error.code : known ? 'usage' : 'internal';
  const message = error instanceof Error ? error.message : String(error);
  if (json) process.stdout.write(`${JSON.stringify({ event: 'error', code, message })}\n`);
  else
    process.stderr.write(
      `proofline ${command}: ${known || !(error instanceof Error) ? message : (error.stack ?? message)}\n`,
    );
  if (error instanceof RecorderError) return exitCodeOf[error.code];
  if (error instanceof EnvelopeError) return 66;
  return known ? 2 : 70;
}
