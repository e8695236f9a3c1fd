/** The process cannot start as it is configured or installed. The CLI prints both sentences and exits with 78. */
export class StartupError extends Error {
  /** What the operator can do about it. */
  readonly remedy: string;

  constructor(message: string, remedy: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'StartupError';
    this.remedy = remedy;
  }
}
