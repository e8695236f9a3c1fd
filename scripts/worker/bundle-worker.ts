import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '../..');

export interface WorkerBundle {
  code: string;
  /** The files it was made from, relative to the repository. */
  inputs: readonly string[];
  /** What it still imports when it runs. */
  imports: readonly string[];
}

/**
 * The Worker of src/compose/cloudflare.ts in one module. `identity` is for tests: a module, relative to the repository, that exports
 * `identityFrom`, an IdentityFactory. Modules of Node are left as they are, so that who looks at `imports` sees them.
 */
export async function bundleWorker(identity?: string): Promise<WorkerBundle> {
  const { metafile, outputFiles } = await build({
    stdin: {
      contents: `import { lineageWorker } from './src/compose/cloudflare.ts';
${identity === undefined ? '' : `import { identityFrom } from './${identity}';`}
export default lineageWorker(${identity === undefined ? '' : 'identityFrom'});`,
      resolveDir: root,
      sourcefile: 'worker-entry.ts',
      loader: 'ts',
    },
    absWorkingDir: root,
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2024',
    mainFields: ['module', 'main'],
    conditions: ['workerd', 'worker', 'browser'],
    external: ['node:*'],
    legalComments: 'none',
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  const code = outputFiles[0]?.text ?? '';
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports.map(({ path }) => path));
  return { code, inputs: Object.keys(metafile.inputs), imports };
}
