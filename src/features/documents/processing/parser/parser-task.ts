/** What a parser is asked, as words of its command line: nothing of them comes from a document. Its bytes follow on standard input. */
export type ParserTask =
  | { kind: 'sniff' /** The input is all of the document. */; whole: boolean }
  | { kind: 'text'; mediaType: string; whole: boolean; maxCharacters: number }
  | { kind: 'thumbnail'; mediaType: string; maxSide: number; maxPixels: number }
  | { kind: 'page'; mediaType: string; page: number; maxSide: number; maxPixels: number }
  | { kind: 'topics' };

/** Why a parser gave up by itself. */
export type ParserFault = 'unreadable' | 'protected' | 'too_large' | 'memory' | 'unsupported';

/** The one line that it answers. */
export type ParserAnswer = { ok: true; value: unknown } | { ok: false; fault: ParserFault };

export class ParserGaveUp extends Error {
  readonly fault: ParserFault;

  constructor(fault: ParserFault, options: { cause?: unknown } = {}) {
    super(`a parser gave up: ${fault}`, options);
    this.fault = fault;
  }
}

/** What topics are suggested from: the document, and what people have given topics before. */
export interface TopicsInput {
  document: { name: string; text: string };
  topics: readonly { id: string; name: string; texts: readonly string[] }[];
  /** Of documents without any of these topics, so that words that stand everywhere tell nothing. */
  others: readonly string[];
}
