import { Problem } from '#kit/errors.ts';

/** Deeper than any real record, and far from where a recursive reader of it would fail. */
const deepest = 64;

const quote = 0x22;
const backslash = 0x5c;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export interface JsonObject {
  /** What was scanned. */
  readonly text: string;
  /** Each member of the outermost object as it was written: number spellings, key order and blanks are kept. */
  readonly members: ReadonlyMap<string, string>;
}

/**
 * Reads exactly one JSON object as RFC 8259 has it, and nothing that two readers may understand differently: no second value, no key
 * twice in one object, no nesting deeper than 64, UTF-8 without errors and without a byte order mark. Throws invalid_json.
 * `depth` is that of the object itself, for one that is to be kept inside of others.
 */
export function scanJsonObject(bytes: Uint8Array, depth = 1): JsonObject {
  return new Scanner(textOf(bytes)).object(depth);
}

/** The elements of exactly one JSON array as they were written, by the same rules. */
export function scanJsonArray(bytes: Uint8Array): string[] {
  return new Scanner(textOf(bytes)).array();
}

/** Exactly one JSON value of any kind, by the same rules. */
export function assertJson(bytes: Uint8Array): void {
  new Scanner(textOf(bytes)).any();
}

function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw wrong('The body is not UTF-8.');
  }
}

/** The same text without the blanks between its tokens. For valid JSON only. By hand: a pattern overflows on a string of megabytes. */
export function withoutBlanks(json: string): string {
  let kept = '';
  let from = 0;
  for (let at = 0; at < json.length; at++) {
    if (json.charCodeAt(at) === quote) {
      at += 1;
      while (at < json.length && json.charCodeAt(at) !== quote) at += json.charCodeAt(at) === backslash ? 2 : 1;
    } else if (isBlank(json.charCodeAt(at))) {
      kept += json.slice(from, at);
      while (isBlank(json.charCodeAt(at + 1))) at += 1;
      from = at + 1;
    }
  }
  return kept + json.slice(from);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  object(depth: number): JsonObject {
    this.#blanks();
    if (this.#text[this.#at] !== '{') throw wrong('The body must be a JSON object.');
    const members = new Map<string, string>();
    this.#members(depth, (key, from, to) => members.set(key, this.#text.slice(from, to)));
    this.#end();
    return { text: this.#text, members };
  }

  array(): string[] {
    this.#blanks();
    if (this.#text[this.#at] !== '[') throw wrong('The body must be a JSON array.');
    const elements: string[] = [];
    this.#elements(1, (from, to) => elements.push(this.#text.slice(from, to)));
    this.#end();
    return elements;
  }

  any(): void {
    this.#blanks();
    this.#value(0);
    this.#end();
  }

  #end(): void {
    this.#blanks();
    if (this.#at < this.#text.length) throw wrong('Something follows the JSON value.');
  }

  #value(depth: number): void {
    const text = this.#text;
    switch (text[this.#at]) {
      case '{':
        this.#members(depth + 1);
        return;
      case '[':
        this.#elements(depth + 1);
        return;
      case '"':
        this.#string();
        return;
      default: {
        literal.lastIndex = this.#at;
        const found = literal.exec(text);
        if (found === null) throw wrong();
        this.#at += found[0].length;
      }
    }
  }

  #members(depth: number, seen?: (key: string, from: number, to: number) => void): void {
    if (depth > deepest) throw wrong(`The body is nested deeper than ${deepest}.`);
    const keys = new Set<string>();
    this.#at += 1;
    this.#blanks();
    if (this.#skip('}')) return;
    for (;;) {
      const key = this.#string();
      if (keys.has(key)) throw wrong('A key stands twice in one object.');
      keys.add(key);
      this.#blanks();
      if (!this.#skip(':')) throw wrong();
      this.#blanks();
      const from = this.#at;
      this.#value(depth);
      seen?.(key, from, this.#at);
      this.#blanks();
      if (this.#skip('}')) return;
      if (!this.#skip(',')) throw wrong();
      this.#blanks();
    }
  }

  #elements(depth: number, seen?: (from: number, to: number) => void): void {
    if (depth > deepest) throw wrong(`The body is nested deeper than ${deepest}.`);
    this.#at += 1;
    this.#blanks();
    if (this.#skip(']')) return;
    for (;;) {
      const from = this.#at;
      this.#value(depth);
      seen?.(from, this.#at);
      this.#blanks();
      if (this.#skip(']')) return;
      if (!this.#skip(',')) throw wrong();
      this.#blanks();
    }
  }

  #string(): string {
    const text = this.#text;
    if (text.charCodeAt(this.#at) !== quote) throw wrong();
    const from = this.#at;
    let escaped = false;
    for (let at = from + 1; ; at++) {
      const code = text.charCodeAt(at);
      if (code === quote) {
        this.#at = at + 1;
        return escaped ? unescaped(text.slice(from, at + 1)) : text.slice(from + 1, at);
      }
      // Also NaN, behind the end.
      if (!(code >= 0x20)) throw wrong();
      if (code === backslash) {
        escaped = true;
        at += 1;
      }
    }
  }

  #blanks(): void {
    while (isBlank(this.#text.charCodeAt(this.#at))) this.#at += 1;
  }

  #skip(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }
}

const literal = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![0-9.eE+-])|true|false|null/y;

function unescaped(token: string): string {
  try {
    return JSON.parse(token) as string; // the token begins and ends with a quote
  } catch {
    throw wrong();
  }
}

function wrong(message?: string): Problem {
  return new Problem('invalid_json', message === undefined ? {} : { message });
}
