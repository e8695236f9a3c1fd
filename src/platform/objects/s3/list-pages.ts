import { Deadline } from '#platform/blobs/s3/deadline.ts';
import { S3Failure } from '#platform/blobs/s3/s3-failure.ts';
import type { ListPage, ListQuestion, S3Objects } from '#platform/blobs/s3/s3-objects.ts';

const pageSize = 1000;
const pageMs = 25_000;

/**
 * Every page, the next only when it is wanted. A listing that says that there is more and not where, or sends in circles, fails:
 * what is not whole must not be taken for whole. Rejects with an S3Failure.
 */
export async function* listPages(
  objects: S3Objects,
  question: Pick<ListQuestion, 'prefix' | 'after' | 'level'>,
): AsyncGenerator<ListPage> {
  const { after, ...every } = question;
  const seen = new Set<string>();
  let token: string | undefined;
  do {
    const first = token === undefined ? { after } : { token };
    const page = await new Deadline(pageMs).persist((signal) =>
      objects.list({ ...every, ...first, limit: pageSize }, signal),
    );
    yield page;
    token = page.next;
    if (page.truncated && (token === undefined || seen.has(token))) throw new S3Failure(200, 'InternalError');
    if (token !== undefined) seen.add(token);
  } while (token !== undefined);
}
