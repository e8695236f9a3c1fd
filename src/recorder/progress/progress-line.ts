import { showBytes, showDuration } from '../measures.ts';

export interface Terminal {
  readonly isTTY: boolean;
  readonly columns: number;
  readonly write: (text: string) => void;
}

export interface ProgressState {
  readonly done: number;
  /** Bytes in all, as far as known. */
  readonly total: number;
  readonly bytesPerSecond: number;
  /** More may come: then the bar shows what is known, and no time left. */
  readonly growing: boolean;
  readonly note?: string;
}

/** One line with bar, bytes, rate and time left, fitted to `columns`. */
export function progressText(state: ProgressState, columns: number): string {
  const share = state.total === 0 ? 0 : Math.min(1, state.done / state.total);
  const left = state.bytesPerSecond > 0 ? ((state.total - state.done) / state.bytesPerSecond) * 1000 : undefined;
  const parts = [`${showBytes(state.done)} of ${showBytes(state.total)}`, `${showBytes(state.bytesPerSecond)}/s`];
  if (!state.growing && left !== undefined && state.done < state.total) parts.push(`${showDuration(left)} left`);
  const figures = `${String(Math.floor(share * 100)).padStart(3)}%  ${parts.join('  ')}`;
  // The note gives way before the figures do, and the bar takes what room is left.
  const note = state.note === undefined ? '' : `  ${state.note}`;
  const width = Math.min(24, columns - 4 - figures.length - note.length);
  const filled = Math.round(share * Math.max(0, width));
  const bar = width < 6 ? '' : `[${'#'.repeat(filled)}${'-'.repeat(width - filled)}] `;
  return `${bar}${figures}${note}`.slice(0, Math.max(10, columns - 1));
}

/** Keeps lines at the bottom of a terminal, with messages above them. Elsewhere only the messages are written. */
export class ProgressBlock {
  readonly #terminal: Terminal;
  readonly #lines: (columns: number) => readonly string[];
  /** How many lines stand there now. */
  #shown = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `lines` fit into the columns. */
  constructor(terminal: Terminal, lines: (columns: number) => readonly string[]) {
    this.#terminal = terminal;
    this.#lines = lines;
  }

  start(): void {
    if (!this.#terminal.isTTY) return;
    this.#timer = setInterval(() => this.#draw(), 200);
    this.#timer.unref();
  }

  say(message: string): void {
    this.#clear();
    this.#terminal.write(`${message}\n`);
    if (this.#timer) this.#draw();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#clear();
  }

  #draw(): void {
    this.#clear();
    const lines = this.#lines(this.#terminal.columns);
    this.#terminal.write(lines.join('\n'));
    this.#shown = lines.length;
  }

  #clear(): void {
    if (this.#shown > 0) this.#terminal.write(`\r\u001b[2K${'\u001b[1A\u001b[2K'.repeat(this.#shown - 1)}`);
    this.#shown = 0;
  }
}

/** A block of one line: bar, bytes, rate and time left. */
export class ProgressLine extends ProgressBlock {
  constructor(terminal: Terminal, state: () => ProgressState) {
    super(terminal, (columns) => [progressText(state(), columns)]);
  }
}

export function terminalOf(stream: NodeJS.WriteStream): Terminal {
  return {
    isTTY: stream.isTTY === true,
    get columns() {
      return stream.columns ?? 80;
    },
    write: (text) => void stream.write(text),
  };
}
