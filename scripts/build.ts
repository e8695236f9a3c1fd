import { execFileSync } from 'node:child_process';
import { copyFileSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join, relative } from 'node:path';

/**
 * Makes dist/ for the published package: Node strips types in a checkout, but not inside node_modules. Types become white space,
 * so lines and columns stay, and no source map is needed. Types are emitted for `proofline/client` alone.
 */
const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

rmSync(dist, { recursive: true, force: true });
const isTest = (path: string) => /\.(test|contract)\.ts$/.test(path) || /\/(testing|contract)\//.test(path);
for (const path of globSync('**/*', { cwd: join(root, 'src'), withFileTypes: true })) {
  if (!path.isFile()) continue;
  const from = join(path.parentPath, path.name);
  const name = relative(join(root, 'src'), from);
  if (isTest(`/${name}`)) continue;
  const to = join(dist, name);
  mkdirSync(dirname(to), { recursive: true });
  if (name.endsWith('.ts')) {
    const code = stripTypeScriptTypes(readFileSync(from, 'utf8'), { mode: 'strip' });
    writeFileSync(to.replace(/\.ts$/, '.js'), withRelativeImports(code, dirname(name), '.js'));
  } else {
    copyFileSync(from, to);
  }
}

const declarations = join(dist, '.declarations');
execFileSync(
  process.execPath,
  [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(root, 'tsconfig.client.json'), '--outDir', declarations],
  { stdio: 'inherit' },
);
for (const path of globSync('{client,kit}/**/*.d.ts', { cwd: declarations })) {
  const text = withRelativeImports(readFileSync(join(declarations, path), 'utf8'), dirname(path), '.js');
  writeFileSync(join(dist, path), text);
}
rmSync(declarations, { recursive: true });

/** `#kit/ids.ts` and `./ids.ts` become the compiled file beside this one. */
function withRelativeImports(code: string, folder: string, extension: string): string {
  return code.replace(
    /((?:from|import)\s*\(?\s*)(['"])(#[^'"]+|\.\.?\/[^'"]+)\.(?:ts|js)\2/g,
    (_, keyword: string, quote: string, specifier: string) => {
      const target = specifier.startsWith('#') ? relative(folder, specifier.slice(1)) : specifier;
      return `${keyword}${quote}${target.startsWith('.') ? target : `./${target}`}${extension}${quote}`;
    },
  );
}
