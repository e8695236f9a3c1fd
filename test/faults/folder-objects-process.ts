import { createInterface } from 'node:readline';
import { FolderObjectStore } from '#platform/objects/folder/folder-object-store.ts';

/** A process of its own for whoever traces it: carries out each line of its input on the folder that it is given, and says what came of it. */
const store = await FolderObjectStore.open(process.argv[2] ?? '');
const say = (text: string) => process.stdout.write(`answer ${text}\n`);
say('ready');
for await (const line of createInterface({ input: process.stdin })) {
  const [verb, key = '', text = ''] = line.split(' ');
  const bytes = new TextEncoder().encode(text);
  const act = async () => {
    if (verb === 'create') return await store.create(key, bytes);
    if (verb === 'replace') return await store.replace(key, bytes, (await store.read(key))?.tag);
    return await store.health();
  };
  say(String(await act().catch((error: Error & { code?: string }) => error.code)));
}
