import type { ServiceKey } from '../../record/names.ts';

/** Where everything of one service lies in a data folder. */
export class ServiceFolder {
  readonly key: ServiceKey;
  /** Relative to the data folder, and one of its kind. */
  readonly id: string;
  readonly path: string;

  constructor(dataDir: string, { organization, project, service }: ServiceKey) {
    this.key = { organization, project, service };
    this.id = `${organization}/${project}/${service}`;
    this.path = `${dataDir}/${this.id}`;
  }

  /** Relative to the data folder, as a blob's name. */
  payload(runId: string): string {
    return `${this.id}/${runId}/payload.json`;
  }

  get latest(): string {
    return `${this.path}/latest.json`;
  }

  get manifests(): string {
    return `${this.path}/manifests`;
  }

  manifest(day: string): string {
    return `${this.manifests}/date=${day}.jsonl`;
  }
}

/** Undefined for the name of a file that is no manifest. */
export function dayOfManifest(name: string): string | undefined {
  return /^date=(\d{4}-\d\d-\d\d)\.jsonl$/.exec(name)?.[1];
}

export function isDay(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text);
}
