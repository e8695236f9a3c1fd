import { Problem } from '#kit/errors.ts';
import { isBefore, type Timestamp } from '#kit/time.ts';
import type { ObjectStore } from '#platform/objects/object-store.ts';
import { type RunRange, readRange } from '../queries/list-runs.ts';
import type { ServiceKey } from '../record/names.ts';
import { sha256Hex } from '../record/seal-run.ts';
import { type DeploymentEntry, DeploymentObjects, deploymentOfEntry } from './catalog-keys.ts';
import { decodeCursor, type Page, pageOf } from './cursor.ts';
import { type DeploymentRequest, sealDeployment } from './deployment-request.ts';
import { type Kept, keepSealed, readSealed, type Sealed } from './sealed-object.ts';
import type { PageAsked } from './versioned-documents.ts';

/** Names in their normal form. */
export type DeploymentNames = { [Name in 'environment' | 'flow' | keyof ServiceKey]?: string | undefined };

export type DeploymentFilter = DeploymentNames & RunRange;

/**
 * Deployments in an object store. One is put in two steps, each of which may be repeated:
 *
 * 1. record, under its id, which only one can create. A crash behind it leaves a deployment that can be read by its id and is in no
 *    listing; the same request, sent again, goes on from here with the time of the first.
 * 2. its entries: of all, of its service, of its flow. Only now is it answered.
 */
export class Deployments {
  readonly #objects: ObjectStore;
  readonly #at: DeploymentObjects;

  constructor(objects: ObjectStore, prefix: string) {
    this.#objects = objects;
    this.#at = new DeploymentObjects(prefix);
  }

  /** Throws storage_unavailable, storage_full. */
  async put(request: DeploymentRequest, receivedAt: Timestamp): Promise<Kept> {
    const put = await keepSealed(
      this.#objects,
      this.#at.record(request.deployment_id),
      await sealDeployment(request, receivedAt),
    );
    if (put.outcome === 'conflict') return put;
    const nothing = new Uint8Array();
    const hash = await sha256Hex(nothing);
    for (const key of this.#at.entries({ ...request, received_at: put.kept.seal.received_at }))
      await this.#objects.create(key, nothing, hash);
    return put;
  }

  /** Throws evidence_corrupt. */
  async read(deploymentId: string): Promise<Sealed | undefined> {
    return await readSealed(this.#objects, this.#at.record(deploymentId));
  }

  /**
   * By arrival, newest first. Of the index that fits, its days are listed once, then day by day until the page is full: no more is in
   * memory than one day.
   */
  async list(
    { environment, flow, from, to, ...service }: DeploymentFilter,
    { cursor, limit }: PageAsked,
    maySee: (entry: DeploymentEntry) => boolean,
  ): Promise<Page<DeploymentEntry>> {
    const after = decodeCursor(cursor, (text) => /^\d{4}-\d\d-\d\dT[\d:.]+Z~[A-Za-z0-9._-]+$/.test(text));
    const range = readRange({ from, to });
    const wanted = { ...service, environment };
    const index = this.#at.index({ ...service, flow });
    const found: DeploymentEntry[] = [];
    for (const day of await this.#days(index, range, after)) {
      for (const entry of await this.#day(index, day)) {
        if (after !== undefined && placeOf(entry) >= after) continue;
        if (isBefore(entry.received_at, range.from) || isBefore(range.to, entry.received_at)) continue;
        if (has(entry, wanted) && maySee(entry)) found.push(entry);
      }
      if (found.length > limit) break;
    }
    return pageOf(found, limit, placeOf);
  }

  async #days(index: string, range: { from: Timestamp; to: Timestamp }, after: string | undefined): Promise<string[]> {
    const { folders } = await this.#objects.level(index);
    const last = after === undefined ? range.to.slice(0, 10) : after.slice(0, 10);
    return folders
      .flatMap((name) => /^date=(\d{4}-\d\d-\d\d)$/.exec(name)?.[1] ?? [])
      .filter((day) => day >= range.from.slice(0, 10) && day <= range.to.slice(0, 10) && day <= last)
      .sort()
      .reverse();
  }

  /** Newest first, whatever order the store lists in. */
  async #day(index: string, day: string): Promise<DeploymentEntry[]> {
    const entries: DeploymentEntry[] = [];
    for await (const { key } of this.#objects.list(this.#at.day(index, day))) {
      const entry = deploymentOfEntry(key);
      if (entry === undefined) throw new Problem('evidence_corrupt');
      entries.push(entry);
    }
    return entries.sort((a, b) => (placeOf(a) < placeOf(b) ? 1 : -1));
  }
}

/** One order for all, also where two came in the same millisecond. */
function placeOf({ deployment_id, received_at }: DeploymentEntry): string {
  return `${received_at}~${deployment_id}`;
}

function has(entry: DeploymentEntry, wanted: Omit<DeploymentNames, 'flow'>): boolean {
  const names = ['organization', 'project', 'service', 'environment'] as const;
  return names.every((name) => wanted[name] === undefined || wanted[name] === entry[name]);
}
