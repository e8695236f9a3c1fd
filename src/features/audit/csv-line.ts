/** What a spreadsheet would take for a formula, also behind spaces that it takes away. */
const formula = /^[\s\u{feff}]*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20|]/u;

/** A line as RFC 4180 has it. A text that a spreadsheet would compute gets an apostrophe in front, which keeps it a text. */
export function csvLine(cells: readonly (string | number | null)[]): string {
  return `${cells.map(cellOf).join(',')}\r\n`;
}

function cellOf(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const safe = formula.test(value) ? `'${value}` : value;
  return /[",\r\n]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
