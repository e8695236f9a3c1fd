import { Problem } from '#kit/errors.ts';

/** Whose runs: three names in their normal form. */
export interface ServiceKey {
  readonly organization: string;
  readonly project: string;
  readonly service: string;
}

/** Keys of object stores end at 1024 bytes, and names of files at 255. */
const longestName = 64;
const runIdPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
/** What stands beside the runs of a service, on a disk. */
const reservedIds = ['manifests', 'latest.json'];

/** Lower case; whatever is no letter and no digit becomes one hyphen, none at the ends. Undefined where nothing or too much is left. */
export function normalName(given: string): string | undefined {
  const name = given
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  return name !== '' && name.length <= longestName ? name : undefined;
}

/** Throws invalid_name, naming the field. */
export function serviceKey(given: ServiceKey): ServiceKey {
  const named = (field: keyof ServiceKey): string => {
    const name = normalName(given[field]);
    if (name === undefined)
      throw new Problem('invalid_name', {
        message: `${field} must have a letter or digit, and at most ${longestName} characters in its normal form.`,
      });
    return name;
  };
  return { organization: named('organization'), project: named('project'), service: named('service') };
}

export function isRunId(value: string): boolean {
  return runIdPattern.test(value) && !reservedIds.includes(value.toLowerCase());
}
