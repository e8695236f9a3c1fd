import { StartupError } from '#platform/process/startup-error.ts';
import { Deadline } from './deadline.ts';
import { explainFailure } from './explain-failure.ts';
import { requireImmutable } from './judge-probe.ts';
import { probeFolder } from './list-objects.ts';
import { type ProbeReport, type ProbeSize, probeStore, removeForgottenProbes } from './probe-store.ts';
import { createS3Clients } from './s3-client.ts';
import { s3Failure } from './s3-failure.ts';
import { S3Objects } from './s3-objects.ts';
import { type BlobConfig, s3Access } from './s3-settings.ts';

const firstAnswerMs = 6_000;

/** A bucket that answered. */
export class S3Connection {
  readonly objects: S3Objects;
  readonly #root: string;

  private constructor(objects: S3Objects, prefix: string) {
    this.objects = objects;
    this.#root = prefix === '' ? '' : `${prefix}/`;
  }

  /** Throws StartupError saying what is wrong with the store or the settings. */
  static async open(blobs: BlobConfig): Promise<S3Connection> {
    const connection = new S3Connection(
      new S3Objects(createS3Clients(s3Access(blobs)), blobs.s3Bucket),
      blobs.s3Prefix,
    );
    try {
      await connection.#firstAnswer();
      return connection;
    } catch (error) {
      connection.close();
      throw explainFailure(s3Failure(error));
    }
  }

  /** Throws StartupError when the store is not one for evidence. */
  async requireSound(size: ProbeSize): Promise<ProbeReport> {
    const report = await this.probe(size);
    requireImmutable(report);
    return report;
  }

  /** Throws StartupError when the store cannot even be probed. */
  async probe(size: ProbeSize): Promise<ProbeReport> {
    try {
      return await probeStore(this.objects, `${this.#root}${probeFolder}`, size);
    } catch (error) {
      throw explainFailure(s3Failure(error));
    }
  }

  async removeForgottenProbes(): Promise<void> {
    await removeForgottenProbes(this.objects, `${this.#root}${probeFolder}`);
  }

  /** Rows without any object mean the wrong bucket or prefix. Throws StartupError. */
  async refuseLostBlobs(hasChunks: boolean): Promise<void> {
    if (!hasChunks) return;
    const list = (signal: AbortSignal) => this.objects.list({ prefix: `${this.#root}incidents/`, limit: 1 }, signal);
    const page = await new Deadline(firstAnswerMs).persist(list).catch((error: unknown) => {
      throw explainFailure(s3Failure(error));
    });
    if (page.objects.length > 0) return;
    throw new StartupError(
      'The database knows chunks, but the bucket has none of their bytes.',
      'Check SAFE_S3_BUCKET and SAFE_S3_PREFIX. If the bytes are on a disk still, keep SAFE_BLOB_BACKEND=local until they were moved.',
    );
  }

  /** Whether a removed object stays behind as an older version. False where the store does not say. */
  async keepsVersions(): Promise<boolean> {
    return await new Deadline(firstAnswerMs).request((signal) => this.objects.keepsVersions(signal)).catch(() => false);
  }

  close(): void {
    this.objects.close();
  }

  /** Listing, as its refusal has words where that of a HEAD has none. */
  async #firstAnswer(): Promise<void> {
    const deadline = new Deadline(firstAnswerMs);
    const list = (signal: AbortSignal) => this.objects.list({ prefix: `${this.#root}incidents/`, limit: 1 }, signal);
    try {
      await deadline.request(list);
    } catch (error) {
      const failure = s3Failure(error);
      // Signed again with the store's clock it would pass, and a wrong clock is for the operator to know.
      if (!failure.passes || failure.code === 'RequestTimeTooSkewed') throw failure;
      await deadline.persist(list);
    }
  }
}
