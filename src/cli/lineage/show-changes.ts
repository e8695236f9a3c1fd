import { styleText } from 'node:util';
import type { JsonChange, Path, Step } from '#features/lineage/record/index.ts';
import { showName } from '../show-name.ts';

const longestValue = 200;

/** One line a change: what is gone, what is new, what was and is. Coloured where standard output shows it. */
export function showChange(change: JsonChange): string {
  const at = pathText(change.path);
  switch (change.op) {
    case 'add':
      return coloured('green', `+ ${at}  ${valueText(change.after)}`);
    case 'remove':
      return coloured('red', `- ${at}  ${valueText(change.before)}`);
    case 'replace':
      return coloured('yellow', `~ ${at}  ${valueText(change.before)} -> ${valueText(change.after)}`);
    case 'order':
      return coloured('yellow', `~ ${at}  order: ${change.after.map(valueText).join(' ')}`);
  }
}

/** `models[orders].columns[2].type`; the whole value is `.`. */
function pathText(path: Path): string {
  const text = path.map(stepText).join('').replace(/^\./, '');
  return text === '' ? '.' : text;
}

function stepText(step: Step): string {
  if (typeof step === 'number') return `[${step}]`;
  if (typeof step === 'string') return /^[A-Za-z_][\w-]*$/.test(step) ? `.${step}` : `[${jsonText(step)}]`;
  const [name] = Object.values(step);
  return typeof name === 'string' && /^[A-Za-z_][\w./-]*$/.test(name) ? `[${name}]` : `[=${jsonText(name)}]`;
}

function valueText(value: unknown): string {
  const text = jsonText(value);
  return text.length > longestValue ? `${text.slice(0, longestValue)}…` : text;
}

/** JSON escapes control characters, but not those that turn the direction of writing. */
function jsonText(value: unknown): string {
  return showName(JSON.stringify(value));
}

function coloured(colour: 'green' | 'red' | 'yellow', text: string): string {
  return styleText(colour, text, { stream: process.stdout });
}
