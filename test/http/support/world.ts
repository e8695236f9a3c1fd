import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import bcrypt from 'bcrypt';
import { newId } from '#kit/ids.ts';
import { adminPassword, scratchFolder, startServer, type TestServer } from '../../support/server.ts';
import { Client, sha256Hex } from './client.ts';
import { Contract } from './contract.ts';

/** A server with an administrator and two people who know nothing of one another. */
export interface World {
  server: TestServer;
  contract: Contract;
  nobody: Client;
  /** Administrator. */
  root: Client;
  ada: Client;
  bob: Client;
  accounts: { root: string; ada: string; bob: string };
  /** The database of the server, beside the server. For what no request can bring about. */
  database(work: (database: DatabaseSync) => void): void;
  close(): Promise<void>;
  /** Only the folder, where a test has ended the server itself. */
  remove(): void;
}

export const password = adminPassword;

export async function openWorld(name: string, env: Record<string, string> = {}): Promise<World> {
  const folder = scratchFolder(`http-${name}`);
  const server = await startServer({ dataDir: folder.path, env });
  const contract = await Contract.of(server.url);
  const nobody = new Client(server.url, contract);
  const databaseFile = join(folder.path, 'proofline.db');
  const [root, ada, bob] = (['root', 'ada', 'bob'] as const).map((username) =>
    enrol(databaseFile, username, username === 'root' ? 'admin' : 'user'),
  ) as [Enrolled, Enrolled, Enrolled]; // one for each of the three names
  return {
    server,
    contract,
    nobody,
    root: nobody.as(root.token),
    ada: nobody.as(ada.token),
    bob: nobody.as(bob.token),
    accounts: { root: root.id, ada: ada.id, bob: bob.id },
    database: (work) => withDatabase(databaseFile, work),
    remove: folder.remove,
    close: async () => {
      const code = await server.stop();
      folder.remove();
      assert.equal(code, 0, server.log());
      // A warning is nothing bad of itself, an error line is: the server met something that it did not expect.
      assert.doesNotMatch(server.log(), /"level":"(error|fatal)"/);
    },
  };
}

interface Enrolled {
  id: string;
  token: string;
}

/**
 * An account with an open session, written into the database: signing three people in costs seconds of bcrypt in every test file.
 * accounts.test.ts goes the way through the API.
 */
function enrol(databaseFile: string, username: string, role: 'user' | 'admin'): Enrolled {
  const id = newId('acct');
  const token = randomBytes(32).toString('base64url');
  const now = new Date().toISOString();
  withDatabase(databaseFile, (database) => {
    database
      .prepare(
        'INSERT INTO accounts (id, username, password_hash, role, created_at, updated_at, password_changed_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
      )
      .run(id, username, cheapHash, role, now, now, now);
    database
      .prepare('INSERT INTO auth_sessions (id, account_id, token_hash, created_at, expires_at) VALUES (?, ?, ?, ?, ?)')
      .run(newId('ses'), id, sha256Hex(Buffer.from(token)), now, new Date(Date.now() + 3_600_000).toISOString());
  });
  return { id, token };
}

/** bcrypt says its cost in the hash, so signing in with this one is quick. */
const cheapHash = bcrypt.hashSync(adminPassword, 4);

function withDatabase(file: string, work: (database: DatabaseSync) => void): void {
  const database = new DatabaseSync(file, { timeout: 5_000 });
  try {
    work(database);
  } finally {
    database.close();
  }
}

export async function signIn(nobody: Client, username: string, secret = password) {
  const answer = await nobody.post('/v1/auth/login', { username, password: secret });
  assert.equal(answer.status, 201, answer.code);
  return { token: String(answer.body.token), sessionId: String(answer.body.session_id) };
}

export async function until<T>(
  look: () => Promise<T | undefined> | T | undefined,
  what: string,
  ms = 15_000,
): Promise<T> {
  const end = Date.now() + ms;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`${what}: not within ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
