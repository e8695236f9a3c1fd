import { join } from 'node:path';
import { type Ground, type RaceOptions, raced } from '../races/races.ts';
import { adminBrowser } from '../support/admin-pages.ts';
import { type Answer, api, openIncident, openStream, signIn } from '../support/api.ts';
import type { Finding } from '../support/finding.ts';
import { listRows } from '../support/ledger.ts';
import { bytesNamed } from '../support/random.ts';
import { adminPassword, scratchFolder, startServer } from '../support/server.ts';
import type { Cluster } from './cluster.ts';

const uploads = 24;
const size = 3_000;

/** Uploads to both nodes while there is room for some of them: those are taken, to the last byte that fits, and no more. */
export const raceForQuota = (options: RaceOptions): Promise<Finding> =>
  raced(
    options,
    async ({ ada, at, random }, name) => {
      const { account, quota } = (await ada.call('GET', '/v1/account')).body;
      const room = random.between(1, uploads - 1);
      const limit = quota.bytes_used + room * size + random.between(0, size - 1);
      const setLimit = (bytes: number | null) =>
        ada.call('POST', `/v1/admin/accounts/${account.id}/quota`, { bytes_limit: bytes });
      const incidentId = await openIncident(ada);
      const streams = await Promise.all(Array.from({ length: uploads }, () => openStream(ada, incidentId)));
      await setLimit(limit);
      const answers = await Promise.all(
        streams.map((stream, i) => at(i).putChunk(incidentId, stream, 1, bytesNamed(`${name}-${i}`, size))),
      );
      const used = (await at(1).call('GET', '/v1/account')).body.quota.bytes_used;
      await setLimit(null);
      const accepted = answers.filter(({ status }) => status === 201).length;
      const violations: string[] = [];
      if (accepted !== room) violations.push(`there was room for ${room}, and ${accepted} were accepted`);
      if (used !== quota.bytes_used + accepted * size) violations.push(`bytes_used is ${used} of ${limit}`);
      if ((await listRows(ada, incidentId)).length !== accepted) violations.push('other rows than accepted chunks');
      for (const { status, body } of answers)
        if (status !== 201 && body.error?.code !== 'quota_exceeded')
          violations.push(`an upload was answered ${status}`);
      return { violations: violations.map((each) => `${name}: ${each}`), acknowledged: accepted };
    },
    `${uploads} uploads for the last bytes of a quota`,
    'as many accepted as there is room for, never over the limit',
  );

/** A session that ends at one node while it is used at the other: nothing asked for after the answer is answered. */
export const raceSignOut = (options: RaceOptions): Promise<Finding> =>
  raced(
    options,
    async ({ at }, name) => {
      const own = await signIn(at(0).url, 'ada');
      const elsewhere = api(at(1).url, own.token);
      let over = false;
      const violations: string[] = [];
      if ((await elsewhere.call('GET', '/v1/account')).status !== 200)
        violations.push(`${name}: it never worked there`);
      const users = Array.from({ length: 6 }, async () => {
        for (let i = 0; i < 10; i++) {
          const isAfter = over;
          const { status } = await elsewhere.call('GET', '/v1/account');
          if (isAfter && status !== 401) violations.push(`${name}: a session that had ended was answered ${status}`);
          if (status >= 500) violations.push(`${name}: ${status}`);
        }
      });
      const { status } = await own.call('POST', '/v1/auth/logout');
      over = true;
      if (status !== 204) violations.push(`${name}: signing out was answered ${status}`);
      await Promise.all(users);
      if ((await elsewhere.call('GET', '/v1/account')).status !== 401) violations.push(`${name}: it still works`);
      return { violations, acknowledged: 1 };
    },
    'a session that ends at one node while it is used at another',
    'nothing asked for after the answer is answered',
  );

/** Both nodes are asked to make the same new account at once, and one of them makes it. */
export const raceForName = (options: RaceOptions): Promise<Finding> =>
  raced(
    options,
    async ({ at }, name) => {
      const account = { username: `user-${name}`, password: adminPassword, role: 'user' };
      const answers: Answer[] = await Promise.all(
        [0, 1, 2, 3].map((n) => at(n).call('POST', '/v1/admin/accounts', account)),
      );
      const made = answers.filter(({ status }) => status === 201).length;
      const others = answers.filter(({ status }) => status !== 201 && status !== 409).map(({ status }) => status);
      const violations = made === 1 ? [] : [`${name}: ${made} were made`];
      for (const status of others) violations.push(`${name}: answered ${status}`);
      return { violations, acknowledged: made };
    },
    'one user name asked for at both nodes',
    'one account, the others are told that it is taken',
  );

/** Two nodes that start at once on an empty database and are both asked to make the first administrator, four times each. */
export async function raceToSetUp(options: RaceOptions & { cluster: Cluster }): Promise<Finding> {
  const { cluster, rounds, seed } = options;
  const secret = 'the set-up secret of these nodes';
  const violations: string[] = [];
  for (let round = 1; round <= rounds; round++) {
    const folder = scratchFolder('set-up');
    const dsn = await cluster.postgres.createDatabase();
    const env = { ...cluster.env, SAFE_POSTGRES_DSN: dsn, SAFE_AUTH_BOOTSTRAP_SECRET: secret };
    const started = await Promise.allSettled(
      ['a', 'b'].map((name) => startServer({ dataDir: join(folder.path, name), env })),
    );
    const nodes = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    for (const result of started)
      if (result.status === 'rejected') violations.push(`${round}: a node did not start: ${result.reason}`);
    const browsers = Array.from({ length: 8 }, (_, i) => adminBrowser(nodes[i % nodes.length]?.adminUrl ?? ''));
    for (const browser of browsers) await browser.get('/admin/bootstrap');
    const answers = await Promise.all(
      browsers.map((browser, i) =>
        browser.post('/admin/bootstrap', {
          secret,
          username: `first-${i}`,
          password: adminPassword,
          repeat: adminPassword,
        }),
      ),
    );
    const made = answers.filter(({ status }) => status === 303).length;
    const rows = await cluster.postgres.sql(new URL(dsn).pathname.slice(1), 'SELECT username, role FROM accounts');
    if (made !== 1 || rows.length !== 1)
      violations.push(`${round}: ${made} set-ups went through, ${rows.length} accounts`);
    for (const { status } of answers)
      if (status !== 303 && status !== 404) violations.push(`${round}: a set-up was answered ${status}`);
    for (const node of nodes) await node.kill();
    folder.remove();
  }
  return {
    fault: 'two nodes started at once on an empty database, both asked for the first administrator',
    held: 'both start, one administrator is made',
    filesystem: cluster.s3Server,
    rounds,
    acknowledged: rounds,
    violations,
    seed,
  };
}

/** Where the races of one server are run on two nodes. */
export function groundOf({ nodes, stored, token }: Cluster): Ground {
  const servers = nodes.map(({ server }) => server);
  return { servers, stored, token, dataDir: servers[0]?.dataDir ?? '' };
}
