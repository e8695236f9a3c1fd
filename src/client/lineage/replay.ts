import { ProoflineNetworkError } from '../api/api-error.ts';
import type { RunChanges } from './lineage-wire.ts';

type Place = Pick<RunChanges, 'received_at' | 'run_id'>;

/**
 * One stream out of as many as it takes: when one is cut, the next is asked for from the time of the last run that came, and what came
 * before is left out. `persisted` repeats what fails in passing.
 */
export async function* replay(
  ask: (from: string | undefined) => AsyncGenerator<RunChanges>,
  from: string | undefined,
  persisted: <T>(act: () => Promise<T>) => Promise<T>,
): AsyncGenerator<RunChanges> {
  let last: Place | undefined;
  let stream: AsyncGenerator<RunChanges> | undefined;
  const next = async () => {
    const running = stream ?? ask(last?.received_at ?? from);
    stream = undefined;
    const { done, value } = await running.next().catch(asCut);
    stream = running;
    return done === true ? undefined : value;
  };
  try {
    for (;;) {
      const changes = await persisted(next);
      if (changes === undefined) return;
      if (last !== undefined && !isBehind(changes, last)) continue;
      last = changes;
      yield changes;
    }
  } finally {
    await stream?.return(undefined);
  }
}

function asCut(cause: unknown): never {
  if (!(cause instanceof TypeError)) throw cause;
  throw new ProoflineNetworkError('connection', 'The connection was cut while the changes came.', { cause });
}

/** In the order in which the server sends them. */
function isBehind(a: Place, b: Place): boolean {
  return a.received_at === b.received_at ? a.run_id > b.run_id : a.received_at > b.received_at;
}
