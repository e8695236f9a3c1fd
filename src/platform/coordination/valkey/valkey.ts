import { isProblem, Problem } from '#kit/errors.ts';
import type { Log } from '#platform/process/log.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import type { Coordinator } from '../coordinator.ts';
import type { ValkeyAddress } from './valkey-address.ts';
import { reasonOf, ValkeyConnection } from './valkey-connection.ts';
import { keyOf } from './valkey-keys.ts';
import { ValkeyLeases } from './valkey-leases.ts';
import { Presence } from './valkey-presence.ts';
import { countScript, peekScript, type Script } from './valkey-scripts.ts';

/** What a client is told to wait when coordination is lost; it looks for its way back every two seconds. */
const retryAfterSeconds = 2;

/** Coordination of several nodes through one Valkey or Redis, probed before it is returned. Throws StartupError. */
export async function openValkey(address: ValkeyAddress, log: Log): Promise<Coordinator> {
  const connection = new ValkeyConnection(address, log);
  const presence = new Presence(connection);
  const leases = new ValkeyLeases(connection, presence);
  let failures = 0;
  let closed = false;

  const answered = async <T>(code: 'rate_limit_unavailable' | 'coordination_unavailable', ask: () => Promise<T>) => {
    if (closed) throw new Problem(code);
    try {
      return await ask();
    } catch (error) {
      failures += 1;
      throw new Problem(code, { retryAfterSeconds, cause: new Error(reasonOf(error)) });
    }
  };
  const window = async (script: Script, key: string, windowMs: number) => {
    // The length is part of the key: two rules may count the same caller.
    const reply = await connection.run(script, keyOf('count', `${windowMs} ${key}`), windowMs);
    const [uses, leftMs] = Array.isArray(reply) ? reply.map(Number) : [];
    if (uses === undefined || leftMs === undefined) throw new Error('not the reply of the script');
    return { uses, leftMs };
  };
  const coordinator: Coordinator = {
    spansNodes: true,

    count: (key, limit, windowMs) =>
      answered('rate_limit_unavailable', async () => {
        const { uses, leftMs } = await window(countScript, key, windowMs);
        return { allowed: uses <= limit, retryAfterMs: Math.max(1, leftMs) };
      }),

    peek: (key, limit, windowMs) =>
      answered('rate_limit_unavailable', async () => {
        const { uses, leftMs } = await window(peekScript, key, windowMs);
        return { allowed: uses < limit, retryAfterMs: Math.max(1, leftMs) };
      }),

    lease: (name, ttlMs) => answered('coordination_unavailable', () => leases.take(name, ttlMs)),

    async health() {
      if (closed) return 'unavailable';
      return await connection.ping().then(
        () => 'ok' as const,
        () => 'unavailable' as const,
      );
    },

    statistics: () => ({ failures, takeovers: leases.takeovers }),

    async close() {
      if (closed) return;
      closed = true;
      await presence.end();
      connection.close();
    },
  };

  try {
    await connection.open();
    await presence.begin(() => leases.settle());
    await probe(coordinator);
  } catch (error) {
    closed = true;
    await presence.end();
    connection.close();
    throw refusal(reasonOf(isProblem(error) ? error.cause : error));
  }
  return coordinator;
}

/** Everything that will be asked of it, asked once: a replica, a full memory or a user without the right to write show here. */
async function probe(coordinator: Coordinator): Promise<void> {
  await coordinator.count('probe', 1, 1_000);
  await coordinator.peek('probe', 1, 1_000);
  const lease = await coordinator.lease('probe', 1_000);
  await lease?.release();
}

const signIn = 'Check SAFE_VALKEY_USERNAME and SAFE_VALKEY_PASSWORD, or those of REDIS_URL, and what that user may do.';
const readable: Record<string, string> = { WRONGPASS: signIn, NOAUTH: signIn, NOPERM: signIn };

function refusal(reason: string): StartupError {
  return new StartupError(
    `Valkey cannot be used for coordination (${reason}).`,
    readable[reason] ??
      'Check that it runs, that SAFE_VALKEY_ADDR or REDIS_URL leads to its primary, and SAFE_VALKEY_DB and SAFE_VALKEY_TLS. For a node that is alone set SAFE_COORDINATION_BACKEND=none.',
  );
}
