import { type DefaultTreeAdapterTypes, parse } from 'parse5';

type Node = DefaultTreeAdapterTypes.Node;

/** Nothing in them is said to a reader. */
const unsaid = new Set([
  'script',
  'style',
  'template',
  'noscript',
  'svg',
  'math',
  'iframe',
  'object',
  'noframes',
  'noembed',
]);
/** They stand in the middle of a line; everything else begins one. */
const inline = new Set(
  'a abbr b bdi bdo big cite code data del dfn em font i ins kbd label mark q rp rt ruby s samp small span strong sub sup time tt u var wbr'.split(
    ' ',
  ),
);

/** What a page says, a line for each block. Walked without recursion: a page may be nested as deep as it is long. */
export function htmlText(html: string): string {
  const said: string[] = [];
  const rest: (Node | '\n')[] = [parse(html)];
  for (let node = rest.pop(); node !== undefined; node = rest.pop()) {
    if (node === '\n') said.push('\n');
    else if (node.nodeName === '#text' && 'value' in node) said.push(node.value.replace(/\s+/g, ' '));
    else if ('childNodes' in node && !unsaid.has(node.nodeName)) {
      const line = !inline.has(node.nodeName);
      if (line) rest.push('\n');
      for (let at = node.childNodes.length - 1; at >= 0; at--) {
        const child = node.childNodes[at];
        if (child !== undefined) rest.push(child);
      }
      if (line) said.push('\n');
    }
  }
  return said
    .join('')
    .split('\n')
    .map((one) => one.replace(/ +/g, ' ').trim())
    .filter((one) => one !== '')
    .join('\n');
}
