/**
 * The entry of a worker thread that lies beside its caller: `x.thread.ts` in a checkout, `x.thread.js` once compiled.
 * `base` is the caller's `import.meta.url`, `name` the file name without `.thread` and extension.
 */
export function threadModule(base: string, name: string): URL {
  return new URL(`./${name}.thread.${base.endsWith('.ts') ? 'ts' : 'js'}`, base);
}
