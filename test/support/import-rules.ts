import { dirname, join } from 'node:path/posix';

/** Who may import whom: a part may use itself and those listed. */
export const layers: Record<string, readonly string[]> = {
  kit: [],
  platform: ['kit'],
  http: ['kit', 'platform'],
  features: ['kit', 'platform', 'http'],
  compose: ['kit', 'platform', 'http', 'features'],
  client: ['kit'],
  recorder: ['kit', 'client'],
  cli: ['kit', 'platform', 'http', 'features', 'compose', 'client', 'recorder'],
  main: ['cli'],
};

/** Which slice may use which other, through its index.ts. */
export const slices: Record<string, readonly string[]> = {
  audit: [],
  accounts: ['audit'],
  incidents: ['audit', 'resumable'],
  viewer: ['incidents'],
  vault: ['accounts'],
  admin: ['audit', 'accounts', 'incidents', 'jobs'],
  reference: [],
  jobs: ['audit'],
  resumable: [],
  documents: ['audit', 'accounts', 'jobs', 'resumable'],
  cloud: ['audit', 'documents', 'jobs'],
  lineage: [],
  'relay-access': ['incidents'],
  relay: [],
};

/** Parts that run in a browser or a Worker too: whole layers, and folders of others. */
const webOnly = [
  'src/kit/',
  'src/client/',
  'src/features/lineage/record/',
  'src/features/lineage/queries/',
  'src/features/lineage/ingest/',
  'src/features/lineage/identity/',
  'src/features/lineage/stores/objects/',
  'src/features/lineage/catalog/',
  'src/features/lineage/openlineage/',
  'src/features/lineage/portable/',
  'src/features/lineage/pages/',
  'src/platform/objects/object-store.ts',
  'src/platform/objects/memory/',
  'src/platform/objects/r2/',
  ...['app', 'caller', 'check', 'home', 'reply', 'route', 'status', 'worker-home'].map((name) => `src/http/${name}.ts`),
  'src/compose/cloudflare.ts',
  'src/compose/worker-log.ts',
];

const vagueName = /(^|[-./])(utils?|helpers?|common|misc|manager)([-./]|$)/;

export interface Import {
  from: string;
  to: string;
  /** Gone at run time. */
  typeOnly: boolean;
}

/** Paths begin with src/. Text is the source. */
export type Sources = ReadonlyMap<string, string>;

const statement = /^(import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)'/gm;
const dynamic = /\bimport\('([^']+)'\)/g;

export function importsOf(path: string, source: string): Import[] {
  const found = [...source.matchAll(statement)].map(([, , type, name = '']) => ({
    name,
    typeOnly: type !== undefined,
  }));
  const later = [...source.matchAll(dynamic)].map(([, name = '']) => ({ name, typeOnly: false }));
  return [...found, ...later].map(({ name, typeOnly }) => ({ from: path, to: resolved(path, name), typeOnly }));
}

function resolved(from: string, name: string): string {
  if (name.startsWith('#')) return `src/${name.slice(1)}`;
  return name.startsWith('.') ? join(dirname(from), name) : name;
}

const layerOf = (path: string) => (path.split('/')[1] ?? '').replace(/\.ts$/, '');
const sliceOf = (path: string) => /^src\/features\/([^/]+)\//.exec(path)?.[1];
const isTest = (path: string) => /\.(test|contract)\.ts$|\/(contract|testing)\//.test(path);

/** Every breach as a sentence, in the order of the files. */
export function breaches(sources: Sources): string[] {
  const found: string[] = [];
  const imports: Import[] = [];
  for (const [path, source] of sources) {
    if (vagueName.test(path)) found.push(`${path}: a name that says nothing`);
    if (/^export default\b/m.test(source)) found.push(`${path}: a default export`);
    if (isTest(path)) continue;
    const own = importsOf(path, source);
    imports.push(...own);
    for (const one of own) found.push(...breachesOf(one));
  }
  for (const cycle of cycles(imports.filter(({ typeOnly }) => !typeOnly))) found.push(`a cycle: ${cycle.join(' -> ')}`);
  return found;
}

function breachesOf({ from, to }: Import): string[] {
  const layer = layerOf(from);
  if (!to.startsWith('src/'))
    return to.startsWith('node:') && webOnly.some((part) => from.startsWith(part))
      ? [`${from}: ${to} in a part that also runs in browsers`]
      : [];
  const target = layerOf(to);
  const allowed = layers[layer];
  if (allowed === undefined) return [`${from}: in no known part of the house`];
  if (target !== layer) {
    if (!allowed.includes(target)) return [`${from} -> ${to}: ${layer} must not know ${target}`];
    const door =
      target !== 'features' ||
      /\/index\.ts$/.test(to) ||
      (layer === 'compose' && /\/(transactions|settings)\.ts$/.test(to));
    return door ? [] : [`${from} -> ${to}: past the index.ts of the slice`];
  }
  const [slice, other] = [sliceOf(from), sliceOf(to)];
  if (slice === other || slice === undefined || other === undefined) return [];
  if (slices[slice]?.includes(other) !== true) return [`${from} -> ${to}: ${slice} must not know ${other}`];
  return to === `src/features/${other}/index.ts` ? [] : [`${from} -> ${to}: past the index.ts of the slice`];
}

/** One representative for each group of files that import one another in a circle. */
export function cycles(imports: readonly Import[]): string[][] {
  const edges = new Map<string, string[]>();
  for (const { from, to } of imports) edges.set(from, [...(edges.get(from) ?? []), to]);
  const finished = new Set<string>();
  const found: string[][] = [];
  const walk = (path: string, trail: readonly string[]) => {
    const at = trail.indexOf(path);
    if (at >= 0) found.push([...trail.slice(at), path]);
    if (at >= 0 || finished.has(path)) return;
    for (const next of edges.get(path) ?? []) walk(next, [...trail, path]);
    finished.add(path);
  };
  for (const path of edges.keys()) walk(path, []);
  return found;
}

/** How often each part and each slice uses another, for people to look at. */
export function graph(sources: Sources): string[] {
  const counts = new Map<string, number>();
  for (const [path, source] of sources) {
    if (isTest(path)) continue;
    for (const { from, to } of importsOf(path, source)) {
      if (!to.startsWith('src/')) continue;
      const [a, b] = [nameOf(from), nameOf(to)];
      if (a !== b) counts.set(`${a} -> ${b}`, (counts.get(`${a} -> ${b}`) ?? 0) + 1);
    }
  }
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([edge, count]) => `${edge} (${count})`);
}

function nameOf(path: string): string {
  const slice = sliceOf(path);
  return slice === undefined ? layerOf(path) : `features/${slice}`;
}
