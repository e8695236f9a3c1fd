import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import bcrypt from 'bcrypt';
import { newId } from '#kit/ids.ts';
import { adminPassword, scratchFolder, startServer, type TestServer } from '../../support/server.ts';
import { type StoredBlobs, storedBlobs } from '../../support/stored-blobs.ts';
import { type Query, withRows } from '../../support/stored-rows.ts';
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
  /** The rows of the server, beside the server, in one transaction. For what no request can bring about. */
  rows(work: (query: Query) => Promise<void>): Promise<void>;
  /** The bytes of the server, beside the server. */
  blobs: StoredBlobs;
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
  const [root, ada, bob] = [newcomer('root'), newcomer('ada'), newcomer('bob')];
  await withRows(folder.path, async (query) => {
    for (const one of [root, ada, bob]) await enrol(query, one);
  });
  return {
    server,
    contract,
    nobody,
    root: nobody.as(root.token),
    ada: nobody.as(ada.token),
    bob: nobody.as(bob.token),
    accounts: { root: root.id, ada: ada.id, bob: bob.id },
    rows: (work) => withRows(folder.path, work),
    blobs: storedBlobs(folder.path),
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

export interface Newcomer {
  id: string;
  username: string;
  token: string;
}

export const newcomer = (username: string): Newcomer => ({
  id: newId('acct'),
  username,
  token: randomBytes(32).toString('base64url'),
});

/**
 * An account with an open session, written into the database: signing three people in costs seconds of bcrypt in every test file.
 * accounts.test.ts goes the way through the API.
 */
export async function enrol(query: Query, { id, username, token }: Newcomer): Promise<void> {
  const now = new Date().toISOString();
  await query(
    'INSERT INTO accounts (id, username, password_hash, role, created_at, updated_at, password_changed_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
    ...[id, username, cheapHash, username === 'root' ? 'admin' : 'user', now, now, now],
  );
  await query(
    'INSERT INTO auth_sessions (id, account_id, token_hash, created_at, expires_at) VALUES (?, ?, ?, ?, ?)',
    ...[newId('ses'), id, sha256Hex(Buffer.from(token)), now, new Date(Date.now() + 3_600_000).toISOString()],
  );
}

/** bcrypt says its cost in the hash, so signing in with this one is quick. */
const cheapHash = bcrypt.hashSync(adminPassword, 4);

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
