/** Says of each step of a demo whether it came out as it should. */
export class Judge {
  readonly #say: (line: string) => void;
  failed = 0;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  that(words: string, right: boolean): void {
    if (!right) this.failed += 1;
    this.#say(`${right ? 'ok     ' : 'WRONG  '}    ${words}`);
  }
}
