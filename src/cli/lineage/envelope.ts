import { readFile } from 'node:fs/promises';
import { scanJsonObject } from '#features/lineage/record/index.ts';
import { isProblem } from '#kit/errors.ts';
import { CommandFailure } from '../command-failure.ts';

/** Facts that are text, in the order in which they are sent. */
export interface EnvelopeFacts {
  readonly organization: string;
  readonly project: string;
  readonly service: string;
  readonly run_id: string;
  readonly commit_sha?: string | undefined;
  readonly generated_at?: string | undefined;
}

/** JSON as text, as it stands in its file. */
export interface EnvelopeValues {
  readonly artifact: string;
  readonly diff?: string | undefined;
  readonly summary?: string | undefined;
  readonly metadata?: string | undefined;
}

/** Put together as text, so that the values reach the server byte for byte: nothing is read as numbers and written again. */
export function envelopeOf(facts: EnvelopeFacts, values: EnvelopeValues): Uint8Array<ArrayBuffer> {
  const { artifact, diff, metadata, summary } = values;
  const head = JSON.stringify(facts).slice(0, -1);
  const raws = Object.entries({ artifact, diff, summary, metadata }).flatMap(([name, raw]) =>
    raw === undefined ? [] : [`,"${name}":${raw}`],
  );
  return new TextEncoder().encode(`${head}${raws.join('')}}`);
}

/** The text of a file of JSON. Throws CommandFailure when there is none, or when no server would take it. */
export async function readJsonFile(path: string, option: string): Promise<string> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new CommandFailure('no_input', `The file given with ${option} cannot be read.`, 'Look at its path.', {
      cause,
    });
  });
  const text = textOf(bytes);
  if (text === undefined || !isOneValue(text))
    throw new CommandFailure(
      'data',
      `The file given with ${option} is not JSON that a server takes.`,
      'It must be one JSON value in UTF-8 without a byte order mark, with no key twice in an object, nested at most 63 deep.',
    );
  return text;
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** As the server will read it: one member of an object. Text that would end the member and begin another is more than one value. */
function isOneValue(text: string): boolean {
  try {
    return scanJsonObject(new TextEncoder().encode(`{"value":${text}}`)).members.size === 1;
  } catch (error) {
    if (!isProblem(error)) throw error;
    return false;
  }
}
