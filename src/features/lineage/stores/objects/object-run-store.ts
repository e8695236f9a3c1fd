import { isProblem, Problem } from '#kit/errors.ts';
import type { Timestamp } from '#kit/time.ts';
import type { ObjectStore } from '#platform/objects/object-store.ts';
import { isRunId, type ServiceKey } from '../../record/names.ts';
import type { RunLine } from '../../record/run-line.ts';
import { type NamedRun, sealRun, sha256Hex } from '../../record/seal-run.ts';
import { assertSame, resealStoredRun } from '../../record/stored-run.ts';
import type { KeptRun, Mended, PutOutcome, RunDay, RunStore } from '../run-store.ts';
import { type Claim, formatClaim, parseClaim } from './claim.ts';
import { ServiceObjects } from './keys.ts';
import { advanceLatest } from './latest.ts';
import { daysOf, newestRun, readDay } from './manifests.ts';
import { listServices } from './services.ts';

/**
 * Runs in an object store, without any other memory. A run is put in four steps, each of which may be repeated:
 *
 * 1. claim: the run id, with day, time of arrival and hashes, in an object that only one can create. A crash behind it leaves an id
 *    that is taken and no run; the same request, sent again, goes on from here with the claim's time, so with the same bytes.
 * 2. record: the payload under its day. A crash behind it leaves a run that can be read by its id and is in no listing;
 *    the same request sent again, or `mend`, adds it.
 * 3. manifest entry. Only now is it answered.
 * 4. `latest.json`, as far as it goes: who asks for the newest run looks behind it.
 */
export class ObjectRunStore implements RunStore {
  readonly #objects: ObjectStore;
  readonly #prefix: string;

  constructor(objects: ObjectStore, prefix: string) {
    this.#objects = objects;
    this.#prefix = prefix;
  }

  async put(run: NamedRun, receivedAt: Timestamp): Promise<PutOutcome> {
    const at = new ServiceObjects(this.#prefix, run);
    const fresh = await sealRun(run, receivedAt);
    const text = formatClaim(fresh);
    const claimed = await this.#objects.create(at.claim(run.run_id), text, await sha256Hex(text));
    if (claimed === 'created') {
      await this.#file(at, fresh);
      return { outcome: 'created', line: fresh.line };
    }
    const claim = await this.#claim(at, run.run_id);
    if (claim === undefined) throw new Problem('storage_unavailable');
    const { contentSha256, line } = claim;
    if (contentSha256 !== fresh.contentSha256) return { outcome: 'conflict', line };
    // Blanks may differ from those of the first request; a record that stands is left as it is.
    const standing = await this.#objects.read(at.payload(line));
    if (standing !== undefined) {
      assertSame(line, { sha256: await sha256Hex(standing.bytes), bytes: standing.bytes.length });
      await this.#enter(at, line);
      return { outcome: 'replayed', line };
    }
    const sealed = await sealRun(run, line.received_at);
    // The first request was cut short, and this one says the same in other bytes: its sender has to finish what it began.
    if (sealed.line.sha256 !== line.sha256) return { outcome: 'conflict', line };
    await this.#file(at, sealed);
    return { outcome: 'replayed', line };
  }

  async read(key: ServiceKey, runId: string): Promise<KeptRun | undefined> {
    if (!isRunId(runId)) return undefined;
    const at = new ServiceObjects(this.#prefix, key);
    const claim = await this.#claim(at, runId);
    const found = claim === undefined ? undefined : await this.#objects.read(at.payload(claim.line));
    if (claim === undefined || found === undefined) return undefined;
    assertSame(claim.line, { sha256: await sha256Hex(found.bytes), bytes: found.bytes.length });
    return { line: claim.line, payload: found.bytes };
  }

  async latest(key: ServiceKey): Promise<RunLine | undefined> {
    return await newestRun(this.#objects, new ServiceObjects(this.#prefix, key));
  }

  async days(key: ServiceKey): Promise<RunDay[]> {
    return await daysOf(this.#objects, new ServiceObjects(this.#prefix, key));
  }

  async day(key: ServiceKey, { day }: RunDay): Promise<RunLine[]> {
    return await readDay(this.#objects, new ServiceObjects(this.#prefix, key), day);
  }

  services(within: Partial<ServiceKey> = {}): AsyncIterable<ServiceKey> {
    return listServices(this.#objects, this.#prefix, within);
  }

  async mend(key: ServiceKey): Promise<Mended> {
    const at = new ServiceObjects(this.#prefix, key);
    const mended: Mended = { runs: 0, added: 0 };
    const { folders } = await this.#objects.level(at.root);
    for (const day of folders.flatMap((name) => (name.startsWith('date=') ? [name.slice(5)] : []))) {
      const known = new Set((await readDay(this.#objects, at, day)).map((line) => line.run_id));
      for await (const object of this.#objects.list(`${at.root}date=${day}/`)) {
        mended.runs += 1;
        const runId = /\/run=([^/]+)\/payload\.json$/.exec(object.key)?.[1];
        if (runId === undefined || known.has(runId)) continue;
        await this.#adopt(at, object.key);
        mended.added += 1;
      }
    }
    return mended;
  }

  async health(): Promise<'ok' | 'unavailable'> {
    return await this.#objects.health();
  }

  async close(): Promise<void> {
    await this.#objects.close();
  }

  /** A record without an entry: its bytes say everything that claim and entry do. */
  async #adopt(at: ServiceObjects, payloadKey: string): Promise<void> {
    const found = await this.#objects.read(payloadKey);
    if (found === undefined) return;
    const sealed = await resealStoredRun(found.bytes);
    const text = formatClaim(sealed);
    if ((await this.#objects.create(at.claim(sealed.line.run_id), text, await sha256Hex(text))) === 'different') {
      const claim = await this.#claim(at, sealed.line.run_id);
      if (claim?.line.sha256 !== sealed.line.sha256) throw new Problem('evidence_corrupt');
    }
    await this.#enter(at, sealed.line);
  }

  async #file(
    at: ServiceObjects,
    { line, payload }: { line: RunLine; payload: Uint8Array<ArrayBuffer> },
  ): Promise<void> {
    const made = await this.#objects.create(at.payload(line), payload, line.sha256);
    // The claim is ours alone, so nobody else had a right to this name.
    if (made === 'different') throw new Problem('evidence_corrupt');
    await this.#enter(at, line);
  }

  async #enter(at: ServiceObjects, line: RunLine): Promise<void> {
    await this.#objects.create(at.entry(line), new Uint8Array(), emptySha256);
    try {
      await advanceLatest(this.#objects, at, line);
    } catch (error) {
      // The run is kept and listed, and readers look behind a pointer: its failure is not the client's.
      if (!isProblem(error, 'storage_unavailable')) throw error;
    }
  }

  async #claim(at: ServiceObjects, runId: string): Promise<Claim | undefined> {
    const found = await this.#objects.read(at.claim(runId));
    return found === undefined ? undefined : parseClaim(found.bytes);
  }
}

const emptySha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
