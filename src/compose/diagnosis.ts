/** One line of `proofline doctor`. */
export interface Diagnosis {
  check: string;
  state: 'ok' | 'note' | 'bad';
  /** What was found. */
  found: string;
  /** What to do about it, when it is not ok. */
  remedy?: string;
}

export const fine = (check: string, found: string): Diagnosis => ({ check, state: 'ok', found });
