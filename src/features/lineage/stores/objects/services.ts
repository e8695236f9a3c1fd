import type { ObjectStore } from '#platform/objects/object-store.ts';
import type { ServiceKey } from '../../record/names.ts';
import { rootOf } from './keys.ts';

/** From the names of the folders alone, level by level. */
export async function* listServices(
  objects: ObjectStore,
  prefix: string,
  within: Partial<ServiceKey>,
): AsyncIterable<ServiceKey> {
  const root = rootOf(prefix);
  const below = async (folder: string, label: string, only: string | undefined): Promise<string[]> => {
    if (only !== undefined) return [only];
    const { folders } = await objects.level(folder);
    return folders.flatMap((name) => (name.startsWith(label) ? [name.slice(label.length)] : [])).sort();
  };
  for (const organization of await below(root, 'org=', within.organization)) {
    const inside = `${root}org=${organization}/`;
    for (const project of await below(inside, 'project=', within.project)) {
      const services = await below(`${inside}project=${project}/`, 'service=', undefined);
      for (const service of services)
        if (within.service === undefined || within.service === service) yield { organization, project, service };
    }
  }
}
