/** Topics that the owner has already are suggested by words, and become theirs only when somebody says so. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openWorld, type World } from '../http/support/world.ts';
import { process } from './support/processed.ts';

let world: World;
before(async () => {
  world = await openWorld('documents-suggested', { SAFE_JOBS_CONCURRENCY: '2' });
});
after(() => world.close());

async function topicsAfter(
  name: string,
  text: string,
): Promise<{ topics: string[]; suggested_topics?: string[]; id: string }> {
  const { id, status, jobs } = await process(world, world.ada, name, Buffer.from(text));
  assert.deepEqual([status, jobs.topics?.state], ['ready', 'done']);
  return (await world.ada.get(`/v1/documents/${id}`)).body.document;
}

async function give(id: string, ...topics: string[]): Promise<void> {
  const changed = await world.ada.call('PATCH', `/v1/documents/${id}`, { topics });
  assert.equal(changed.status, 200, changed.code);
}

const lease = (street: string) =>
  `Zwischen Vermieter und Mieter wird vereinbart: Wohnung in der ${street}, Kaltmiete und Nebenkosten, Kaution, Kündigung mit Frist, Heizung und Hausordnung.`;

test('by name: in the name of the document, or twice in its text', async () => {
  for (const topic of ['Steuer 2026', 'Garten'])
    assert.equal((await world.ada.call('POST', '/v1/topics', { name: topic })).status, 201);
  assert.deepEqual((await topicsAfter('Steuer_2026-Bescheid.txt', 'nichts')).suggested_topics, ['Steuer 2026']);
  assert.deepEqual((await topicsAfter('a.txt', 'Der Garten: ein GARTEN.')).suggested_topics, ['Garten']);
  assert.equal((await topicsAfter('b.txt', 'Ein Garten, und ein Gartenzaun.')).suggested_topics, undefined);
});

test('by example: what those that people gave a topic have in common, and others have not', async () => {
  for (const street of ['Lindenstraße', 'Hauptstraße', 'Bahnhofstraße']) {
    const { id } = await topicsAfter(`${street}.txt`, lease(street));
    await give(id, 'Wohnen');
  }
  for (const word of ['Kuchen', 'Suppe', 'Brot'])
    await topicsAfter(
      `${word}.txt`,
      `${word}: Mehl, Wasser und Salz mischen, mit Geduld kneten, in der Küche ruhen lassen.`,
    );
  assert.deepEqual((await topicsAfter('neu.txt', lease('Ringstraße'))).suggested_topics, ['Wohnen']);
  assert.equal(
    (await topicsAfter('Torte.txt', 'Torte: Mehl, Zucker und Salz mischen, in der Küche.')).suggested_topics,
    undefined,
  );
});

test('a suggestion is no topic until it is confirmed, and what is confirmed stays', async () => {
  const document = await topicsAfter('Garten im Mai.txt', 'Blumen');
  assert.deepEqual([document.topics, document.suggested_topics], [[], ['Garten']]);
  const byTopic = async () =>
    (await world.ada.get('/v1/documents?topic=Garten')).body.documents.map(({ id }: { id: string }) => id);
  assert.ok(!(await byTopic()).includes(document.id));
  await give(document.id, 'Garten');
  assert.ok((await byTopic()).includes(document.id));
  const read = (await world.ada.get(`/v1/documents/${document.id}`)).body.document;
  assert.deepEqual([read.topics, read.suggested_topics], [['Garten'], undefined]);
});

test("another owner's topics are never suggested", async () => {
  assert.equal((await world.bob.call('POST', '/v1/topics', { name: 'Boot' })).status, 201);
  assert.equal((await topicsAfter('Boot.txt', 'Boot und Boot')).suggested_topics, undefined);
});
