import type { AuditHeadTable, AuditLogTable } from './audit.tables.ts';
import { chainHash, chainStart } from './audit-chain.ts';

/** The end of a chain, as the log says it or as somebody noted it down. */
export interface ChainEnd {
  seq: number;
  hash: string;
}

/** What the log says of itself beside its entries. Absent before the first entry. */
export type ChainHead = Pick<AuditHeadTable, 'seq' | 'hash'> & { unchained: number };

export type ChainFinding =
  /** Does not follow from the entry before it: it, or the hash that the one before it has, is not what was written. */
  | { kind: 'altered'; seq: number }
  /** Not there, from seq to `to`. At the end: the log was cut off. */
  | { kind: 'missing'; seq: number; to: number }
  /** There a second time, or behind a later one. */
  | { kind: 'misplaced'; seq: number }
  /** Behind the end that the log says it has. */
  | { kind: 'beyond_end'; seq: number; to: number }
  /** The end that the log says it has is not this entry, or it says none. */
  | { kind: 'wrong_end'; seq: number }
  /** The entries that are older than the chain are not as many as when it began. */
  | { kind: 'older_entries'; expected: number; found: number }
  /** Not the entry that was noted down: the chain was made anew, or is that of another log. */
  | { kind: 'not_the_expected'; seq: number }
  /** A line of an export that is no entry. Lines count from 1. */
  | { kind: 'unreadable'; line: number };

export interface ChainReport {
  ok: boolean;
  /** In the chain. */
  entries: number;
  /** Older than the chain; no hash protects them. */
  older: number;
  /** Of the last entry; what to note down. */
  end?: ChainEnd;
  /** The first ones, in the order of the log. */
  findings: readonly ChainFinding[];
  /** How many more there are. */
  moreFindings: number;
}

export type ChainedEntry = AuditLogTable & { seq: number; hash: string };

const shownFindings = 100;

/** Looks at the entries of a chain as they pass, in the order in which they stand. It keeps nothing of them but the last hash. */
export class ChainCheck {
  readonly #expected: ChainEnd | undefined;
  #findings: ChainFinding[] = [];
  #moreFindings = 0;
  #entries = 0;
  #older = 0;
  /** The last in order. */
  #last: ChainEnd = { seq: 0, hash: chainStart };
  /** Hashes at the places that are asked for at the end. */
  #found = new Map<number, string>();
  #beyond: { seq: number; to: number } | undefined;
  readonly #head: ChainHead | undefined;

  /** `expected`: an end that was noted down earlier. */
  constructor(head: ChainHead | undefined, expected?: ChainEnd) {
    this.#head = head;
    this.#expected = expected;
  }

  add(entry: AuditLogTable): void {
    const { seq, hash } = entry;
    if (seq === null || hash === null) {
      this.#older += 1;
      return;
    }
    this.#entries += 1;
    const { seq: lastSeq, hash: lastHash } = this.#last;
    if (seq <= lastSeq) {
      this.report({ kind: 'misplaced', seq });
      return;
    }
    // What came after the one that is gone was made with its hash, so nothing can be said of it alone.
    if (seq > lastSeq + 1) this.report({ kind: 'missing', seq: lastSeq + 1, to: seq - 1 });
    else if (chainHash(seq, lastHash, entry) !== hash) this.report({ kind: 'altered', seq });
    this.#last = { seq, hash };
    if (seq === this.#head?.seq || seq === this.#expected?.seq) this.#found.set(seq, hash);
    if (seq > (this.#head?.seq ?? 0)) this.#beyond = { seq: this.#beyond?.seq ?? seq, to: seq };
  }

  report(finding: ChainFinding): void {
    if (this.#findings.length < shownFindings) this.#findings.push(finding);
    else this.#moreFindings += 1;
  }

  finish(): ChainReport {
    const head = this.#head ?? { seq: 0, hash: chainStart, unchained: this.#older };
    const last = this.#last;
    if (head.seq > last.seq) this.report({ kind: 'missing', seq: last.seq + 1, to: head.seq });
    if (this.#beyond !== undefined)
      this.report(
        this.#head === undefined ? { kind: 'wrong_end', seq: last.seq } : { kind: 'beyond_end', ...this.#beyond },
      );
    const atHead = head.seq === 0 ? chainStart : this.#found.get(head.seq);
    if (atHead !== undefined && atHead !== head.hash) this.report({ kind: 'wrong_end', seq: head.seq });
    if (head.unchained !== this.#older)
      this.report({ kind: 'older_entries', expected: head.unchained, found: this.#older });
    const expected = this.#expected;
    if (expected !== undefined) {
      const found = expected.seq === 0 ? chainStart : this.#found.get(expected.seq);
      if (found !== expected.hash) this.report({ kind: 'not_the_expected', seq: expected.seq });
    }
    return {
      ok: this.#findings.length === 0,
      entries: this.#entries,
      older: this.#older,
      ...(last.seq === 0 ? {} : { end: last }),
      findings: this.#findings,
      moreFindings: this.#moreFindings,
    };
  }
}

/** `SEQ:HASH`, as an export tells it and people note it down. */
export function showChainEnd({ seq, hash }: ChainEnd): string {
  return `${seq}:${hash}`;
}

export function parseChainEnd(text: string): ChainEnd | undefined {
  const [, seq = '', hash = ''] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text.trim()) ?? [];
  return hash === '' ? undefined : { seq: Number(seq), hash };
}
