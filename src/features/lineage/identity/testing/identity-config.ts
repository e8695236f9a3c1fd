import assert from 'node:assert/strict';
import { type IdentityConfig, identitySettings } from '../identity.config.ts';

/** The configuration of an environment, without the rest of a server's. */
export function configOf(environment: Readonly<Record<string, string>>): IdentityConfig {
  const left = new Set(Object.keys(environment));
  const values = Object.entries(identitySettings).map(([name, setting]) => {
    left.delete(setting.env);
    const value: unknown = setting.parse(environment[setting.env] ?? setting.default ?? '');
    assert.notEqual(value, undefined, `${setting.env} must be ${setting.expected}`);
    return [name, value];
  });
  assert.deepEqual([...left], []);
  return Object.fromEntries(values) as IdentityConfig; // each value was parsed by the setting that gives it its type
}
