import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import type { Setting, Settings } from '#platform/process/setting.ts';
import { StartupError } from '#platform/process/startup-error.ts';

export interface Sources {
  environment: Readonly<Record<string, string | undefined>>;
  /** Lines of `NAME=value`; the environment wins over it. */
  file?: { name: string; values: Readonly<Record<string, string | undefined>> };
}

export interface EffectiveValue {
  env: string;
  /** As written, or masked. */
  shown: string;
  origin: string;
}

interface Found {
  value: string;
  origin: string;
}

/** Looks every setting up under its name, its other names and, for secrets, its `_FILE` form. */
export function loadSettings(sections: Record<string, Settings>, sources: Sources) {
  const all = Object.values(sections).flatMap((section) => Object.values(section));
  refuseUnknown(all, sources);
  const effective: EffectiveValue[] = [];
  const values: Record<string, Record<string, unknown>> = {};
  for (const [sectionName, section] of Object.entries(sections)) {
    const parsed: Record<string, unknown> = {};
    for (const [name, setting] of Object.entries(section)) {
      const found = find(setting, sources) ?? { value: setting.default ?? '', origin: 'default' };
      const value = setting.parse(found.value.trim());
      if (value === undefined) {
        throw new StartupError(
          `${setting.env} (from ${found.origin}) is not valid.`,
          `It must be ${setting.expected}. Its default is ${setting.default === '' ? 'not set' : setting.default}.`,
        );
      }
      parsed[name] = value;
      effective.push({ env: setting.env, shown: shown(setting, found.value), origin: found.origin });
    }
    values[sectionName] = Object.freeze(parsed);
  }
  return { values, effective };
}

/** Reads a configuration file. Throws StartupError when it cannot. */
export function readConfigFile(path: string): NonNullable<Sources['file']> {
  try {
    return { name: path, values: parseEnv(readFileSync(path, 'utf8')) };
  } catch (cause) {
    throw new StartupError(
      'The configuration file cannot be read.',
      'Check the path given with --config or SAFE_CONFIG_FILE. The file has lines of NAME=value.',
      { cause },
    );
  }
}

/** Throws StartupError when one place gives it two values under two names: which one was meant cannot be guessed. */
function find(setting: Setting<unknown>, sources: Sources): Found | undefined {
  const names = [setting.env, ...(setting.aliases ?? []), ...sharedNamesOf(setting, sources)];
  const places = [
    { values: sources.environment, describe: (name: string) => `environment ${name}` },
    ...(sources.file === undefined
      ? []
      : [{ values: sources.file.values, describe: (name: string) => `file, ${name}` }]),
  ];
  for (const { values, describe } of places) {
    const found = names.flatMap((name) => {
      const value = values[name];
      const secretFile = setting.secret === true ? values[`${name}_FILE`] : undefined;
      return [
        ...(value === undefined ? [] : [{ name, value }]),
        ...(secretFile === undefined ? [] : [{ name: `${name}_FILE`, value: readSecret(name, secretFile) }]),
      ];
    });
    // An empty one, as compose files pass for what is not set, gives way to one that says something.
    const said = found.filter(({ value }) => value.trim() !== '');
    const [first = found[0], ...others] = said;
    const other = others.find(({ value }) => value.trim() !== first?.value.trim());
    if (first !== undefined && other !== undefined) {
      throw new StartupError(
        `${first.name} and ${other.name} are the same setting and have different values.`,
        `Remove one of them.`,
      );
    }
    if (first !== undefined) return { value: first.value, origin: describe(first.name) };
  }
  return undefined;
}

function sharedNamesOf({ sharedNames }: Setting<unknown>, { environment, file }: Sources): readonly string[] {
  if (sharedNames === undefined) return [];
  const { env, is } = sharedNames.while;
  const value = environment[env] ?? file?.values[env] ?? '';
  return is.includes(value.trim()) ? sharedNames.names : [];
}

function readSecret(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    throw new StartupError(
      `The file that ${name}_FILE names cannot be read.`,
      'Check that it exists and is readable.',
      {
        cause,
      },
    );
  }
}

function shown(setting: Setting<unknown>, value: string): string {
  if (setting.secret === true) return value === '' ? '(not set)' : '********';
  return value === '' ? '(not set)' : value;
}

/** A misspelt setting would silently be its default, and nobody would know. */
function refuseUnknown(all: readonly Setting<unknown>[], sources: Sources): void {
  const known = new Set(
    all.flatMap((setting) =>
      [setting.env, ...(setting.aliases ?? [])].flatMap((name) =>
        setting.secret === true ? [name, `${name}_FILE`] : [name],
      ),
    ),
  );
  known.add('SAFE_CONFIG_FILE');
  const given = [...Object.keys(sources.environment), ...Object.keys(sources.file?.values ?? {})];
  for (const name of given) {
    if (!/^(SAFE|STRICTURE_SERVER)_/.test(name) || known.has(name)) continue;
    const near = [...known]
      .map((other) => ({ other, distance: distance(name, other) }))
      .sort((a, b) => a.distance - b.distance)[0];
    throw new StartupError(
      `${name} is not a setting of this version.`,
      near !== undefined && near.distance <= 6
        ? `Did you mean ${near.other}? \`proofline config\` lists every name.`
        : 'Remove it. `proofline config` lists every name.',
    );
  }
}

/** Levenshtein: how many letters must change. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
