/** The module of a thread beside `base`, under the extension it has there: .ts in a checkout, .js in the compiled package. */
export function threadModule(base: string, name: string): URL {
  return new URL(base.endsWith('.ts') ? `./${name}.ts` : `./${name}.js`, base);
}
