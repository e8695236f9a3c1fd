/** Works on what comes, so many at the same time. The first error stops it: what runs is waited for, nothing more begins. */
export async function atOnce<T>(
  items: AsyncIterable<T>,
  lanes: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.asyncIterator]();
  let stopped = false;
  const lane = async () => {
    for (;;) {
      const next = stopped ? undefined : await iterator.next();
      if (stopped || next === undefined || next.done === true) return;
      try {
        await work(next.value);
      } catch (error) {
        stopped = true;
        throw error;
      }
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: lanes }, lane));
  await iterator.return?.();
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}
