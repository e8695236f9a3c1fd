import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Api, api, signIn } from '../support/api.ts';
import { createAccount, scratchFolder, startServer, type TestServer } from '../support/server.ts';
import { type Filesystem, openMountSpace } from '../support/volume.ts';

export interface RigOptions {
  filesystem: Filesystem;
  /** The database on a volume of its own: then no flush of the database carries the blobs' folders to the disk by accident. */
  databaseApart: boolean;
}

/** Of an image; it takes only what is written. Room for a long run, and large enough for the usual block size and a real journal. */
const megabytes = 2048;

/** A server on a volume whose power can be cut. */
export interface Rig {
  server: TestServer;
  ada: Api;
  /** The data folder, as it is seen from outside the namespace of its mounts. */
  dataDir: string;
  /** Extra environment takes effect at this start only. */
  start(env?: Record<string, string>): Promise<void>;
  /** The disk takes nothing more, and what its log had not kept is lost. The server goes on, and gets errors. */
  cut(): Promise<void>;
  /** Ends the server and mounts what is left. */
  recover(): Promise<void>;
  close(): Promise<void>;
}

/** Accounts and the session are made on an ordinary folder first, so that they are on the volume before anything is tried. */
export async function openRig({ filesystem, databaseApart }: RigOptions): Promise<Rig> {
  const scratch = scratchFolder('power-cut');
  const template = join(scratch.path, 'template');
  const database = join(scratch.path, 'database');
  for (const folder of [template, database]) mkdirSync(folder);
  const dbPathIn = (folder: string) => ({ SAFE_DB_PATH: join(folder, 'proofline.db') });
  await createAccount(template, 'ada', 'admin', dbPathIn(database));
  const first = await startServer({ dataDir: template, env: dbPathIn(database) });
  const { token } = await signIn(first.url, 'ada');
  await first.stop();

  const space = await openMountSpace();
  let server: TestServer | undefined;
  const close = async () => {
    await server?.kill();
    await space.close();
    scratch.remove();
  };
  try {
    const blobs = await space.image('blobs', filesystem, megabytes);
    const apart = databaseApart ? await space.image('database', filesystem, megabytes) : undefined;
    const images = apart === undefined ? [blobs] : [blobs, apart];
    await space.run('cp', '-a', `${template}/.`, `${blobs.path}/data`);
    await space.run('cp', '-a', `${database}/.`, `${(apart ?? blobs).path}/db`);
    await space.run('sync');

    const rig: Rig = {
      // Both are set by start, which is called before the rig is handed out.
      server: undefined as unknown as TestServer,
      ada: undefined as unknown as Api,
      dataDir: space.seen(`${blobs.path}/data`),
      async start(env = {}) {
        server = await startServer({
          dataDir: `${blobs.path}/data`,
          env: { ...dbPathIn(`${(apart ?? blobs).path}/db`), ...env },
          wrapper: space.wrapper,
        });
        rig.server = server;
        rig.ada = api(server.url, token);
      },
      cut: () => space.cut(...images),
      async recover() {
        await server?.kill();
        server = undefined;
        for (const image of images) {
          await image.unmount();
          await image.mount();
        }
      },
      close,
    };
    await rig.start();
    return rig;
  } catch (error) {
    await close();
    throw error;
  }
}
