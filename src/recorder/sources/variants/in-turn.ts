/**
 * What several sources give, as it comes. Each is asked for its next only once its last was taken. Left early, it leaves the sources
 * alone: whoever feeds them has to end them.
 */
export async function* inTurn<T>(sources: readonly AsyncIterator<T>[]): AsyncGenerator<T> {
  const ask = async (source: AsyncIterator<T>) => ({ source, result: await source.next() });
  const asked = new Map(sources.map((source) => [source, ask(source)]));
  try {
    while (asked.size > 0) {
      const { source, result } = await Promise.race(asked.values());
      asked.delete(source);
      if (result.done) continue;
      yield result.value;
      asked.set(source, ask(source));
    }
  } finally {
    // Only the first failure is told; the others come of it.
    for (const pending of asked.values()) pending.catch(() => undefined);
  }
}
