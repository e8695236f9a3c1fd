import { compareLines, type RunLine } from '../../record/run-line.ts';

const mostKnown = 10_000;

interface Known {
  line: RunLine | undefined;
  /** The manifests have been looked at, and not only what came since. */
  whole: boolean;
}

/** The newest run of each service that was asked for or written to lately, so that its manifests are read once. */
export class NewestRuns {
  readonly #known = new Map<string, Known>();

  note(id: string, line: RunLine): void {
    fold(this.#of(id), line);
  }

  async find(id: string, look: () => Promise<RunLine | undefined>): Promise<RunLine | undefined> {
    const known = this.#of(id);
    if (known.whole) return known.line;
    // What arrives while we look is noted in the same place.
    const line = await look();
    if (line !== undefined) fold(known, line);
    known.whole = true;
    return known.line;
  }

  forget(id: string): void {
    this.#known.delete(id);
  }

  #of(id: string): Known {
    const known = this.#known.get(id) ?? { line: undefined, whole: false };
    this.#known.delete(id);
    this.#known.set(id, known);
    const [oldest] = this.#known.keys();
    if (this.#known.size > mostKnown && oldest !== undefined) this.#known.delete(oldest);
    return known;
  }
}

function fold(known: Known, line: RunLine): void {
  if (known.line === undefined || compareLines(line, known.line) > 0) known.line = line;
}
