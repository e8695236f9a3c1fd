/**
 * Why the server cannot start, for the person at the terminal: what is wrong and what to do about it. The CLI prints both and
 * exits 78. Neither text holds a path, a secret or a rejected value.
 */
export class StartupError extends Error {
  readonly remedy: string;

  constructor(message: string, remedy: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'StartupError';
    this.remedy = remedy;
  }
}
