/** A number whose spelling says more than a double holds. JSON.stringify writes it as it came. */
interface RawNumber {
  readonly rawJSON: string;
}

/** What TypeScript does not know of yet: the proposal JSON.parse source text access, in every engine that this runs on. */
const json = JSON as unknown as {
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
  rawJSON(text: string): RawNumber;
  isRawJSON(value: unknown): value is RawNumber;
};

/** Parses so that no two different numbers become one: `12345678901234567890` stays what it is. For JSON that was scanned before. */
export function parseExact(text: string): unknown {
  return json.parse(text, (_, value, { source }) =>
    typeof value === 'number' && source !== undefined && !isHeld(value, source) ? json.rawJSON(source) : value,
  );
}

export function isRawNumber(value: unknown): value is RawNumber {
  return json.isRawJSON(value);
}

/** Up to 15 digits a double holds any decimal; beyond that, those that it would be written as itself. */
function isHeld(value: number, source: string): boolean {
  if (String(value) === source) return true;
  const digits = (source.split(/[eE]/)[0] ?? '').replace(/[-.]/g, '').replace(/^0+/, '');
  return digits === '' || (digits.length <= 15 && Number.isFinite(value) && value !== 0);
}
