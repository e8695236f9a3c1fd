import { isProblem, Problem } from '#kit/errors.ts';

const attempts = 4;
const firstPauseMs = 50;

/** A request that may be repeated freely. Throws storage_unavailable when the last attempt failed too. */
export async function persist<T>(send: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await send();
    } catch (error) {
      if (attempt >= attempts || isProblem(error)) throw r2Problem(error);
      await pause(attempt);
    }
  }
}

/** Grows with each attempt, and is never equal for two who began together. */
export async function pause(attempt: number): Promise<void> {
  const longest = firstPauseMs * 2 ** attempt;
  await new Promise((resolve) => setTimeout(resolve, longest * (0.5 + Math.random() / 2)));
}

/** R2's messages may repeat keys; what remains is its number, which its documentation explains. */
export function r2Problem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const number = error instanceof Error ? /\((\d{4,6})\)\s*$/.exec(error.message)?.[1] : undefined;
  return new Problem('storage_unavailable', {
    retryAfterSeconds: 10,
    cause: new Error(`R2 failed (${number ?? 'no number'})`),
  });
}
