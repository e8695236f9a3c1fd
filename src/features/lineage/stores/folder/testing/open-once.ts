import { openFolderRunStore } from '../open-folder-run-store.ts';

const log = { warn: () => undefined, error: () => undefined };
try {
  const store = await openFolderRunStore({ dataDir: process.argv[2] ?? '', log });
  await store.close();
  process.stdout.write('opened\n');
} catch (error) {
  process.stdout.write(`${String(error)}\n`);
}
