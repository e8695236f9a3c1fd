/** What an operator must decide or mend before a backup, a restore or a move can go on. */
export type TransferFailureKind =
  /** There is nothing to read from. */
  | 'no_input'
  /** The place is not empty, or not what it should be. */
  | 'in_the_way'
  /** Bytes or rows are not what they should be. */
  | 'damaged'
  /** Not now: the same command again goes on. */
  | 'again';

export class TransferFailure extends Error {
  readonly kind: TransferFailureKind;
  /** What to do next. */
  readonly remedy: string;

  constructor(kind: TransferFailureKind, message: string, remedy: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'TransferFailure';
    this.kind = kind;
    this.remedy = remedy;
  }
}
