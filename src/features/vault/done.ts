import type { Arrival } from '#http/pages/page-routes.ts';

/** What an act says when it leads back to a page: the address carries a word, the words stand here. */
const words: Record<string, string> = {
  folder: 'The folder was made.',
  renamed: 'The new name holds.',
  moved: 'Moved.',
  trashed: 'Moved to the trash. It stays there for a while before it goes for good.',
  restored: 'Back where it was.',
  deleted: 'Deleted for good. The room it took is free as soon as its bytes are gone.',
  uploaded: 'The file was uploaded.',
  topic: 'The topics were changed.',
  'topic-deleted': 'The topic is gone; its documents stay.',
  shared: 'It is shared now.',
  revoked: 'The share has ended.',
  version: 'The new version is the current one.',
  connected: 'The connection was made.',
  tested: 'The other side answers.',
  importing: 'The import has begun. It goes on by itself.',
  mirror: 'The mirror was set.',
  disconnected: 'The connection was removed. What it brought stays.',
  again: 'It is being tried again.',
};

export function doneWords({ query }: Pick<Arrival, 'query'>): string | undefined {
  const word = query.get('done');
  return word === null ? undefined : words[word];
}
