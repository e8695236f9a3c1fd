import { startPostgres, type TestPostgres } from '../support/services/postgres.ts';
import { startRadosgw } from '../support/services/radosgw.ts';
import { s3Environment, type TestS3 } from '../support/services/s3-server.ts';

/** Real services for stores of every kind. */
export interface Services {
  /** A database and a bucket of its own: what a server or a command is told of them. Which of the two it uses is said apart. */
  elsewhere(): Promise<Record<string, string>>;
  stop(): Promise<void>;
}

export const inPostgres = { SAFE_METADATA_BACKEND: 'postgresql' };
export const inS3 = { SAFE_BLOB_BACKEND: 's3' };

export async function startServices(): Promise<Services> {
  const postgres: TestPostgres = await startPostgres();
  const s3: TestS3 = await startRadosgw().catch(async (error: unknown) => {
    await postgres.stop();
    throw error;
  });
  return {
    elsewhere: async () => {
      const { SAFE_BLOB_BACKEND: _, ...bucket } = s3Environment(s3, await s3.createBucket());
      return { SAFE_POSTGRES_DSN: await postgres.createDatabase(), ...bucket };
    },
    stop: async () => {
      await postgres.stop();
      await s3.stop();
    },
  };
}
