import bcrypt from 'bcrypt';

/** About 200 ms of one pool thread: dear for who guesses, bearable for who signs in. */
const cost = 12;

/** Two at a time, so that a storm of logins never takes the threads that fsync needs. */
const atOnce = 2;
let running = 0;
const waiting: (() => void)[] = [];

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
  else running++;
  try {
    return await work();
  } finally {
    // The place is handed on without being given up, so nobody can slip in between.
    const next = waiting.shift();
    if (next === undefined) running--;
    else next();
  }
}

export async function hashPassword(password: string): Promise<string> {
  return await inTurn(() => bcrypt.hash(password, cost));
}

/** The hash of no password at all; comparing with it costs what a real comparison costs. */
let nobody: Promise<string> | undefined;

/** With no hash (an unknown username) the same work is done and the answer is no. */
export async function passwordMatches(password: string, hash: string | undefined): Promise<boolean> {
  nobody ??= bcrypt.hash(crypto.randomUUID(), cost);
  const against = hash ?? (await nobody);
  const bytes = Buffer.byteLength(password, 'utf8');
  const matches = await inTurn(() => bcrypt.compare(password, against));
  return matches && hash !== undefined && bytes <= 72;
}
