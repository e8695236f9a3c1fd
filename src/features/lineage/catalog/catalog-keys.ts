import type { ServiceKey } from '../record/names.ts';
import { rootOf } from '../stores/objects/keys.ts';

/** What is kept in versions. */
export type DocumentKind = 'policies' | 'flows';

const idPattern = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** Of a policy or a flow. Lower case alone, so that no two ids differ by case only. */
export function isDocumentId(text: string): boolean {
  return idPattern.test(text);
}

export function catalogRoot(prefix: string): string {
  return `${rootOf(prefix)}catalog/`;
}

/** What a listing of deployments is chosen by: the key of an entry says all of it. */
export interface DeploymentEntry extends ServiceKey {
  readonly deployment_id: string;
  readonly received_at: string;
  readonly environment: string;
  readonly flow?: string;
}

/** Where deployments lie: each record once, and an entry for it in every index. An index is a folder of days of arrival. */
export class DeploymentObjects {
  readonly #root: string;

  constructor(prefix: string) {
    this.#root = `${catalogRoot(prefix)}deployments/`;
  }

  record(deploymentId: string): string {
    return `${this.#root}records/${deploymentId}.json`;
  }

  /** The smallest index that has everything asked for; ends with a slash. */
  index(asked: { [Name in 'flow' | keyof ServiceKey]?: string | undefined }): string {
    const { flow, organization, project, service } = asked;
    if (flow !== undefined) return `${this.#root}flow=${flow}/`;
    if (organization !== undefined && project !== undefined && service !== undefined)
      return `${this.#root}service=${organization}~${project}~${service}/`;
    return `${this.#root}all/`;
  }

  day(index: string, day: string): string {
    return `${index}date=${day}/`;
  }

  entries(entry: DeploymentEntry): string[] {
    const { deployment_id, environment, flow, organization, project, received_at, service } = entry;
    const time = received_at.replaceAll(':', '');
    const facts = `${time}~${deployment_id}/${organization}~${project}/${service}~${environment}~${flow ?? ''}`;
    const indexes = [this.index({}), this.index({ organization, project, service })];
    if (flow !== undefined) indexes.push(this.index({ flow }));
    return indexes.map((index) => this.day(index, received_at.slice(0, 10)) + facts);
  }
}

const name = '([a-z0-9-]+)';
const entryPattern = new RegExp(
  `/(\\d{4}-\\d\\d-\\d\\dT\\d\\d)(\\d\\d)(\\d\\d\\.\\d+Z)~([A-Za-z0-9._-]+)/${name}~${name}/${name}~${name}~([a-z0-9._-]*)$`,
);

/** Undefined for a key that is no entry. */
export function deploymentOfEntry(key: string): DeploymentEntry | undefined {
  const [, hour, minute, rest, deploymentId, organization, project, service, environment, flow] =
    entryPattern.exec(key) ?? [];
  if (deploymentId === undefined || organization === undefined || project === undefined) return undefined;
  if (service === undefined || environment === undefined) return undefined;
  return {
    deployment_id: deploymentId,
    received_at: `${hour}:${minute}:${rest}`,
    organization,
    project,
    service,
    environment,
    ...(flow === undefined || flow === '' ? {} : { flow }),
  };
}
