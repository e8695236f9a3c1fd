export type RecorderErrorCode =
  | 'usage' // the options do not fit together
  | 'no_input' // a file or folder that should be there is not
  | 'ffmpeg_missing'
  | 'ffmpeg_failed'
  | 'disk_full'
  | 'state_exists'
  | 'state_missing'
  | 'state_damaged'
  | 'state_in_use'
  | 'output_exists'
  | 'not_a_bundle';

/** Something that the person at the keyboard can mend; the message says how. */
export class RecorderError extends Error {
  readonly code: RecorderErrorCode;

  constructor(code: RecorderErrorCode, message: string, options?: { cause: unknown }) {
    super(message, options);
    this.name = 'RecorderError';
    this.code = code;
  }
}

/** True for the errors of system calls, by their code. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.some((code) => code === error.code);
}
