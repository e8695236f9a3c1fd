import { isRunId, normalName, type ServiceKey } from '../../record/names.ts';
import { foldersIn } from './folders-in.ts';
import type { ServiceFolder } from './service-folder.ts';
import { readPayload } from './stored-payload.ts';

/** Every service that has a folder, in order of their names. What has no name of ours is not ours. */
export async function* listServices(dataDir: string, within: Partial<ServiceKey> = {}): AsyncGenerator<ServiceKey> {
  for (const organization of await below(dataDir, within.organization))
    for (const project of await below(`${dataDir}/${organization}`, within.project))
      for (const service of await below(`${dataDir}/${organization}/${project}`, within.service))
        yield { organization, project, service };
}

export async function hasRecord(at: ServiceFolder): Promise<boolean> {
  for await (const name of foldersIn(at.path))
    if (isRunId(name) && (await readPayload(at, name)) !== undefined) return true;
  return false;
}

async function below(path: string, only: string | undefined): Promise<string[]> {
  const names = (await Array.fromAsync(foldersIn(path))).sort();
  return names.filter((name) => (only === undefined ? normalName(name) === name : name === only));
}
