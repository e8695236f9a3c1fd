import { formatDuration, parseDuration } from '#kit/time.ts';

/**
 * One configuration value: its name, its words, its check and its default in one record. The reference in docs/, `proofline config`
 * and the loader are all made from these.
 */
export interface Setting<T> {
  /** The environment variable, and the name in a configuration file. */
  env: string;
  /** Older or alternative spellings of the same variable. */
  aliases?: readonly string[];
  /** Names that other programs use too: they count only while another setting says that they are meant for this one. */
  sharedNames?: SharedNames;
  doc: string;
  /** Printed masked, may come from `<env>_FILE`, and its rejected value is never echoed. */
  secret?: boolean;
  /** As an operator would write it; undefined when there is none. */
  default: string | undefined;
  /** What a valid value looks like, to finish the sentence "must be …". */
  expected: string;
  /** Returns undefined when the text is not valid. */
  parse: (text: string) => T | undefined;
}

export interface SharedNames {
  readonly names: readonly string[];
  readonly while: { readonly env: string; readonly is: readonly string[] };
}

export type Settings = Readonly<Record<string, Setting<unknown>>>;

export type ValuesOf<S extends Settings> = {
  readonly [Name in keyof S]: S[Name] extends Setting<infer T> ? T : never;
};

interface Common {
  env: string;
  doc: string;
  aliases?: readonly string[];
  sharedNames?: SharedNames;
}

/** A length of time in milliseconds, written like `90s`, `15m`, `24h`; 0 where the doc gives it a meaning. */
export function duration(setting: Common & { default: string; atLeast?: string }): Setting<number> {
  const minimum = parseDuration(setting.atLeast ?? '0') ?? 0;
  return {
    ...setting,
    expected: `a duration like 90s, 15m or 24h${minimum > 0 ? `, at least ${formatDuration(minimum)}` : ''}`,
    parse: (text) => {
      const ms = parseDuration(text);
      return ms === undefined || ms < minimum ? undefined : ms;
    },
  };
}

const byteUnits: Record<string, number> = {
  '': 1,
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
};

/** A size in bytes, written plainly or with a unit: `262144000`, `250MB`, `2GiB`. */
export function bytes(setting: Common & { default: string; atLeast?: number }): Setting<number> {
  const minimum = setting.atLeast ?? 0;
  return {
    ...setting,
    expected: `a size in bytes, plain or like 250MB or 2GiB${minimum > 0 ? `, at least ${minimum}` : ''}`,
    parse: (text) => {
      const match = /^(\d+)\s*([A-Za-z]*)$/.exec(text);
      const unit = byteUnits[match?.[2]?.toUpperCase() ?? '?'];
      if (!match || unit === undefined) return undefined;
      const value = Number(match[1]) * unit;
      return Number.isSafeInteger(value) && value >= minimum ? value : undefined;
    },
  };
}

export function integer(setting: Common & { default: string; min: number; max: number }): Setting<number> {
  return {
    ...setting,
    expected: `a whole number from ${setting.min} to ${setting.max}`,
    parse: (text) => {
      const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
      return value >= setting.min && value <= setting.max ? value : undefined;
    },
  };
}

export function flag(setting: Common & { default: 'true' | 'false' }): Setting<boolean> {
  return {
    ...setting,
    expected: 'true or false',
    parse: (text) => ({ true: true, '1': true, false: false, '0': false })[text.toLowerCase()],
  };
}

export function choice<const T extends string>(
  setting: Common & { default: NoInfer<T>; of: readonly T[] },
): Setting<T> {
  return {
    ...setting,
    expected: `one of ${setting.of.join(', ')}`,
    parse: (text) => setting.of.find((option) => option === text),
  };
}

/** Text that may be absent: the empty default means "not set". */
export function text(setting: Common & { default: string; expected: string; pattern?: RegExp }): Setting<string> {
  return {
    ...setting,
    parse: (value) => (setting.pattern === undefined || setting.pattern.test(value) ? value : undefined),
  };
}

export function secret(setting: Common & { expected: string; minLength: number }): Setting<string> {
  return {
    ...setting,
    secret: true,
    default: '',
    parse: (value) => (value === '' || value.length >= setting.minLength ? value : undefined),
  };
}

export interface Address {
  host: string;
  port: number;
}

const addressPattern = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]*)):(\d{1,5})$/;

export function parseAddress(value: string): Address | undefined {
  const match = addressPattern.exec(value);
  const port = Number(match?.[3] ?? Number.NaN);
  if (!match || port > 65535) return undefined;
  return { host: match[1] ?? (match[2] === '' ? '0.0.0.0' : (match[2] ?? '')), port };
}

/** One or more `host:port`, separated by commas; `[::1]:8080` for IPv6, port 0 for any free one. None where the default is none. */
export function addresses(setting: Common & { default: string }): Setting<readonly Address[]> {
  return {
    ...setting,
    expected: 'one or more host:port separated by commas, like 127.0.0.1:8080 or [::1]:8080',
    parse: (value) => {
      if (value === '' && setting.default === '') return [];
      const list = value.split(',').map((part) => parseAddress(part.trim()));
      return list.length > 0 && list.every((address) => address !== undefined) ? list : undefined;
    },
  };
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
