import { Problem } from '#kit/errors.ts';
import { scanJsonObject } from './scan-json.ts';

/** The fields of a request: what is null, or an empty text, counts as absent. */
export interface RequestFields {
  /** As it was written. */
  value(name: string): string | undefined;
  /** Throws invalid_request for what is no text, or longer than so many characters. */
  text(name: string, longest?: number): string | undefined;
  /** As it was written, and an object whose values are text. Throws invalid_request. */
  textMap(name: string): string | undefined;
}

/** Throws invalid_json for what is no JSON object of the known fields alone. */
export function readRequestFields(body: Uint8Array, known: ReadonlySet<string>): RequestFields {
  const { members } = scanJsonObject(body);
  for (const name of members.keys())
    if (!known.has(name))
      throw new Problem('invalid_json', { message: 'The body has a field that nobody here knows.' });
  const value = (name: string) => {
    const raw = members.get(name);
    return raw === 'null' ? undefined : raw;
  };
  return {
    value,
    text(name, longest = Number.POSITIVE_INFINITY) {
      const raw = value(name);
      if (raw === undefined) return undefined;
      if (!raw.startsWith('"')) throw invalid(`${name}: must be text`);
      const text = JSON.parse(raw) as string; // scanned before, and it begins with a quote
      if (text.length > longest) throw invalid(`${name}: at most ${longest} characters`);
      return text === '' ? undefined : text;
    },
    textMap(name) {
      const raw = value(name);
      if (raw !== undefined && !isTextMap(JSON.parse(raw)))
        throw invalid(`${name}: must be an object whose values are text`);
      return raw;
    },
  };
}

export function invalid(message: string): Problem {
  return new Problem('invalid_request', { message });
}

function isTextMap(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((entry) => typeof entry === 'string');
}
