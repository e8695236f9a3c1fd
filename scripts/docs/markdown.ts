/** First lines of a page that nobody should edit by hand. */
export function generated(title: string, from: string): string {
  return `# ${title}\n\n<!-- Made by \`npm run docs\` from ${from}. Changes here are lost. -->\n`;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

export const code = (text: string) => `\`${text}\``;

/** The anchor that GitHub and most others give a heading. */
export function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^a-z0-9 _-]/g, '')
    .replaceAll(' ', '-');
}
