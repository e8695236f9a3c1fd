import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { isProblem, Problem } from '#kit/errors.ts';
import type { Timestamp } from '#kit/time.ts';
import type { BlobStore } from '#platform/blobs/blob-store.ts';
import { asProblem } from '#platform/blobs/local/disk-problem.ts';
import type { BlobLog } from '#platform/blobs/local/local-blob-store.ts';
import { failpoint } from '#platform/process/failpoint.ts';
import type { ServiceKey } from '../../record/names.ts';
import { dayOf, type RunLine } from '../../record/run-line.ts';
import { contentSha256Of, type NamedRun, type ShapedRun, shapeRun } from '../../record/seal-run.ts';
import { readStoredRun } from '../../record/stored-run.ts';
import type { KeptRun, Mended, PutOutcome, RunDay, RunStore } from '../run-store.ts';
import type { CleanMarker } from './clean-marker.ts';
import { findLine } from './find-line.ts';
import { LatestPointers } from './latest-pointers.ts';
import { type FiledLine, lineBlocks, linesOf } from './line-blocks.ts';
import { hasRecord, listServices } from './list-services.ts';
import { daysOf, Manifests, newestOf, readDay, versionOf } from './manifests.ts';
import { mendService } from './mend-service.ts';
import { Mending } from './mending.ts';
import { NewestRuns } from './newest-runs.ts';
import { isDay, ServiceFolder } from './service-folder.ts';
import { ServiceGate } from './service-gate.ts';
import { judged, readJudged, readPayload } from './stored-payload.ts';
import { Turns } from './turns.ts';

/** Around every change of where the lines of a day lie, but for those that only come behind: the change happens when `rewrite` is called. */
export type OnRewrite = (key: ServiceKey, day: string, rewrite: () => Promise<void>) => Promise<void>;

export interface FolderParts {
  dataDir: string;
  stagingDir: string;
  /** Its blobs lie in the data folder itself. */
  blobs: BlobStore;
  /** A name in the staging folder that nobody had before. */
  aside(): string;
  marker: CleanMarker;
  /** The last process ended with its manifests on the disk. */
  clean: boolean;
  log: BlobLog;
  /** For who remembers offsets in manifests. */
  onRewrite?: OnRewrite;
  /** Gives back what makes this process the only one. */
  release(): void;
}

/**
 * Runs in a folder that one process owns. A run is put in three steps:
 *
 * 1. record: durable under its id, which only one can create. A crash behind it leaves a run without a line; an end that is not
 *    orderly is seen at the next start, and the line is made from the record before anybody is answered about the service.
 * 2. manifest line, with the operating system but not flushed. Only now is it answered. A crash behind it is as one before it.
 * 3. `latest.json`, a little later.
 */
export class FolderRunStore implements RunStore {
  readonly #parts: FolderParts;
  readonly #manifests: Manifests;
  readonly #newest = new NewestRuns();
  readonly #pointers: LatestPointers;
  readonly #gate = new ServiceGate();
  readonly #turns = new Turns();
  /** Absent after an orderly end. */
  readonly #mending: Mending | undefined;
  /** Records that stand, whose line could not be written: the disk was full. */
  readonly #unlisted = new Map<string, RunLine>();
  readonly #puts = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  constructor(parts: FolderParts) {
    const { aside, clean, dataDir, log } = parts;
    this.#parts = parts;
    this.#manifests = new Manifests(aside);
    this.#pointers = new LatestPointers({ aside, log, newest: (at) => this.#newestRun(at) });
    const there = () => this.#nothing(undefined);
    this.#mending = clean ? undefined : new Mending({ dataDir, log, there, mend: (at) => this.#mend(at) });
  }

  async put(run: NamedRun, receivedAt: Timestamp): Promise<PutOutcome> {
    if (this.#closing !== undefined) throw new Problem('storage_unavailable');
    const putting = this.#put(run, receivedAt);
    this.#puts.add(putting);
    try {
      return await putting;
    } finally {
      this.#puts.delete(putting);
    }
  }

  async read(key: ServiceKey, runId: string): Promise<KeptRun | undefined> {
    const at = await this.#whole(key);
    return (await this.#read(at, runId)) ?? (await this.#nothing(undefined));
  }

  /** For who has the line of a run, which finding it would cost more than the record. */
  async readListed(key: ServiceKey, line: RunLine): Promise<KeptRun | undefined> {
    return await readJudged(this.#at(key), line);
  }

  async latest(key: ServiceKey): Promise<RunLine | undefined> {
    const at = await this.#whole(key);
    return (await this.#newestRun(at)) ?? (await this.#nothing(undefined));
  }

  async days(key: ServiceKey): Promise<RunDay[]> {
    const at = await this.#whole(key);
    const days = await daysOf(at);
    if (days.length === 0) return await this.#nothing([]);
    return await Promise.all(days.map(async (day) => ({ day, version: await versionOf(at, day) })));
  }

  async day(key: ServiceKey, { day }: RunDay): Promise<RunLine[]> {
    const lines = isDay(day) ? await readDay(await this.#whole(key), day) : [];
    return lines.length > 0 ? lines : await this.#nothing(lines);
  }

  async *services(within: Partial<ServiceKey> = {}): AsyncGenerator<ServiceKey> {
    await this.#nothing(undefined);
    for await (const key of listServices(this.#parts.dataDir, within)) {
      const at = await this.#whole(key);
      // A folder may be what is left of a run that never came to be, or have lost its manifests.
      if ((await daysOf(at)).length > 0 || (await hasRecord(at))) yield key;
    }
  }

  async mend(key: ServiceKey): Promise<Mended> {
    return await this.#mend(await this.#whole(key));
  }

  /** What the manifest of a day has from an offset on, in the order in which it was accepted. */
  async *linesBehind(key: ServiceKey, day: string, offset: number): AsyncGenerator<FiledLine> {
    const at = await this.#whole(key);
    for await (const block of lineBlocks(at.manifest(day), offset)) yield* linesOf(block);
  }

  async health(): Promise<'ok' | 'read_only' | 'unavailable'> {
    return await this.#parts.blobs.health();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #put(run: NamedRun, receivedAt: Timestamp): Promise<PutOutcome> {
    const at = await this.#whole(run);
    const path = at.payload(run.run_id);
    return await this.#gate.share(at.id, () =>
      this.#turns.take(path, async () => {
        const line = await this.#create(path, shapeRun(run, receivedAt));
        if (line === undefined) return await this.#compare(at, path, run);
        failpoint('lineage-after-record');
        await this.#list(at, path, line);
        failpoint('lineage-after-line');
        return { outcome: 'created', line };
      }),
    );
  }

  /** Undefined when the id is taken. */
  async #create(path: string, { line, payload }: ShapedRun): Promise<RunLine | undefined> {
    const { blobs } = this.#parts;
    const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
    const limits = { maxBytes: line.bytes, declaredBytes: line.bytes };
    const staged = await blobs.staging.receive(Readable.from([bytes], { objectMode: false }), limits);
    try {
      const outcome = await blobs.commit(path, staged);
      return outcome === 'created' ? { ...line, sha256: staged.sha256Hex } : undefined;
    } catch (error) {
      if (isProblem(error, 'blob_conflict')) return undefined;
      throw error;
    } finally {
      await staged.discard();
    }
  }

  async #compare(at: ServiceFolder, path: string, run: NamedRun): Promise<PutOutcome> {
    const standing = await this.#read(at, run.run_id);
    if (standing === undefined) throw new Problem('storage_unavailable');
    const unlisted = this.#unlisted.get(path);
    if (unlisted !== undefined) await this.#list(at, path, unlisted);
    const [theirs, ours] = await Promise.all([contentSha256Of(readStoredRun(standing.payload)), contentSha256Of(run)]);
    return { outcome: theirs === ours ? 'replayed' : 'conflict', line: standing.line };
  }

  async #list(at: ServiceFolder, path: string, line: RunLine): Promise<void> {
    this.#unlisted.set(path, line);
    await this.#manifests.append(at, line);
    this.#unlisted.delete(path);
    this.#newest.note(at.id, line);
    this.#pointers.moved(at);
  }

  async #read(at: ServiceFolder, runId: string): Promise<KeptRun | undefined> {
    const payload = await readPayload(at, runId);
    if (payload === undefined) return undefined;
    const { received_at } = readStoredRun(payload);
    const day = dayOf({ received_at });
    if (!isDay(day)) throw new Problem('evidence_corrupt');
    const unlisted = this.#unlisted.get(at.payload(runId));
    const line = unlisted ?? (await findLine(at.manifest(day), { received_at, run_id: runId }));
    // What has no line says another time than the one it was kept with.
    if (line === undefined) throw new Problem('evidence_corrupt');
    return await judged(line, payload);
  }

  #newestRun(at: ServiceFolder): Promise<RunLine | undefined> {
    return this.#newest.find(at.id, () => newestOf(at));
  }

  async #mend(at: ServiceFolder): Promise<Mended> {
    const { log, onRewrite = (_key, _day, rewrite) => rewrite() } = this.#parts;
    const { added, newest, runs } = await this.#gate.alone(at.id, () => {
      this.#newest.forget(at.id);
      return mendService(at, {
        manifests: this.#manifests,
        around: (day, rewrite) => onRewrite(at.key, day, rewrite),
        onCorrupt: () => log.error({}, 'a record of a run is damaged and cannot be listed'),
      });
    });
    await this.#nothing(undefined);
    if (newest !== undefined) this.#pointers.moved(at);
    return { runs, added };
  }

  /** Where the service lies, once its manifests can be trusted. */
  async #whole(key: ServiceKey): Promise<ServiceFolder> {
    const at = this.#at(key);
    await this.#mending?.whole(at);
    return at;
  }

  /** Says that there is nothing, unless it is the folder that has gone, with its disk: an empty answer would be a lie then. */
  async #nothing<T>(answer: T): Promise<T> {
    try {
      await stat(this.#parts.stagingDir);
      return answer;
    } catch (error) {
      throw asProblem(error);
    }
  }

  #at(key: ServiceKey): ServiceFolder {
    return new ServiceFolder(this.#parts.dataDir, key);
  }

  async #close(): Promise<void> {
    const { aside, blobs, log, marker, release } = this.#parts;
    const mended = (await this.#mending?.stop()) ?? true;
    await Promise.allSettled(this.#puts);
    await this.#pointers.write();
    const durable = await this.#manifests.close();
    try {
      if (mended && durable && this.#unlisted.size === 0) await marker.leave(aside());
    } catch (error) {
      if (!isProblem(error)) throw error;
      log.warn({ error: error.code }, 'the orderly end could not be noted; the next start looks at every record');
    } finally {
      await blobs.close();
      release();
    }
  }
}
