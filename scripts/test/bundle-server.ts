import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { repository } from '../../test/support/server.ts';

export interface BundledServer extends Disposable {
  /** What Node starts in place of src/main.ts. */
  readonly main: string;
}

/** Of the packages those of very many files, which need nothing beside themselves. */
const bundled = /^(kysely|zod|hono|@hono\/node-server|jose)(\/|$)/;

/**
 * The command line in a hundred files in place of a thousand: finding them all is most of a start, and servers are started by the hundred.
 * A file run by itself, the demos, the recorder's tests and those of the package start from the sources.
 */
export async function bundleServer(): Promise<BundledServer> {
  const folder = mkdtempSync(join(repository, 'node_modules/.proofline-test-'));
  await build({
    absWorkingDir: repository,
    entryPoints: ['src/main.ts'],
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    logLevel: 'warning',
    plugins: [packagesOutside, placesKept],
  });
  return {
    main: join(folder, 'main.mjs'),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

const packagesOutside: Plugin = {
  name: 'packages-outside',
  setup(builder) {
    builder.onResolve({ filter: /^[^.#/]/ }, ({ path, kind }) =>
      kind === 'entry-point' || bundled.test(path) ? undefined : { path, external: true },
    );
  },
};

/** Threads, children, pages and migrations are found beside the source that names them. */
const placesKept: Plugin = {
  name: 'places-kept',
  setup(builder) {
    builder.onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8')
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
        .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)))
        .replaceAll('import.meta.filename', JSON.stringify(path)),
      loader: 'ts',
    }));
  },
};
