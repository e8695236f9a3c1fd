import { normalName, type ServiceKey } from '../record/names.ts';
import { sha256Hex } from '../record/seal-run.ts';

/**
 * Under whose runs the events of a job are filed. A namespace of the form `organization/project` names both; any other is a project
 * of the organization that this server was given. The job's name is the service. Names are brought into their normal form, as
 * everywhere; one that is too long for it, or has no letter or digit of it, is told apart by its hash.
 *
 * So jobs whose names differ only in spelling share a service. They never share a run: see eventRun.
 */
export async function jobKey(
  { name, namespace }: { namespace: string; name: string },
  organization: string,
): Promise<ServiceKey> {
  const [, first, second] = /^([^/]+)\/([^/]+)$/.exec(namespace) ?? [];
  const both = first !== undefined && second !== undefined && [first, second].every((part) => /[a-z0-9]/i.test(part));
  return {
    organization: await fittingName(both ? first : organization),
    project: await fittingName(both ? second : namespace),
    service: await fittingName(name),
  };
}

/** As much of it as a name holds, beside 12 digits of its hash. */
const longestHead = 51;

async function fittingName(text: string): Promise<string> {
  const normal = normalName(text);
  if (normal !== undefined) return normal;
  const hash = (await sha256Hex(new TextEncoder().encode(text))).slice(0, 12);
  return normalName(`${headOf(text)}-${hash}`) ?? hash;
}

function headOf(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-/, '')
    .slice(0, longestHead);
}
