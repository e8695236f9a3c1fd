const head = `# Performance

<!-- Written by \`npm run bench\`. Do not edit. -->

Machines are noisy; only ratios count. Each comparison runs both sides in turn, five rounds or more, and shows medians. Client and servers share
the machine. Each part says when and where it was measured; one can be measured again: \`npm run bench -- --only relay\`.
`;

/** The page with the measured parts in place of those of the same titles. Others stay, as long as there is a part of that title. */
export function withSections(page: string, measured: ReadonlyMap<string, string>, titles: readonly string[]): string {
  const before = new Map(page.split('\n## ').slice(1).map(titleAndText));
  const parts = titles.flatMap((title) => {
    const text = measured.get(title) ?? before.get(title);
    return text === undefined ? [] : `## ${title}\n\n${text.trim()}\n`;
  });
  return [head, ...parts].join('\n');
}

function titleAndText(part: string): [string, string] {
  const end = part.indexOf('\n');
  return [part.slice(0, end), part.slice(end + 1)];
}
