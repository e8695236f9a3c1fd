import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Node's permission model for a script in the folder of parsers: it may read its own code and nothing else, write nothing, and start
 * nothing. With `native` it may load native code, which the model does not hold; what the kernel takes away holds that too.
 */
export function parserFlags(script: string, native: boolean): string[] {
  return [
    '--permission',
    ...readablePaths(dirname(script)).map((path) => `--allow-fs-read=${path}`),
    ...(native ? ['--allow-addons'] : []),
    '--disallow-code-generation-from-strings',
    '--no-warnings',
  ];
}

/** The folder of the source or of the compiled package, and wherever Node looks for packages from there. */
function readablePaths(from: string): string[] {
  const paths = [join(from, '../../../..')];
  for (let folder = from; ; folder = dirname(folder)) {
    const packages = join(folder, 'node_modules');
    paths.push(packages, join(folder, 'package.json'));
    if (existsSync(packages)) paths.push(realpathSync(packages));
    if (folder === dirname(folder)) return [...new Set(paths)];
  }
}
