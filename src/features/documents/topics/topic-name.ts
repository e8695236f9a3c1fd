import { Problem } from '#kit/errors.ts';
import { newId } from '#kit/ids.ts';

const maxTopics = 32;

/** A topic by its name, with the id that it gets if there is none of that name yet. */
export interface NamedTopic {
  id: string;
  name: string;
}

/** As it is kept, like a document's name; without commas, which separate topics in forms. Throws invalid_request. */
export function topicName(given: string): string {
  const name = given.normalize('NFC').trim();
  if (name.length < 1 || name.length > 100 || !name.isWellFormed() || /[\p{Cc},]/u.test(name))
    throw new Problem('invalid_request', {
      message: 'topics: a name is 1 to 100 characters without control characters or commas',
    });
  return name;
}

/** Each once, in the order of their names. Throws invalid_request. */
export function namedTopics(given: readonly string[]): NamedTopic[] {
  const names = [...new Set(given.map(topicName))].sort();
  if (names.length > maxTopics)
    throw new Problem('invalid_request', { message: `topics: a document has at most ${maxTopics}` });
  return names.map((name) => ({ id: newId('top'), name }));
}

/** Of a form's field: names with commas between. Absent or empty is none. */
export function topicsOfField(field: string | undefined): string[] {
  return field === undefined || field.trim() === '' ? [] : field.split(',');
}
