import assert from 'node:assert/strict';
import { elsewhere, testDatabases, testOnPostgres } from '#platform/metadata/postgres/testing/databases.ts';
import { startProxy } from '../support/services/tcp-proxy.ts';
import { anAccount, anIncident, aStream, record, transactions } from './support.ts';

const databases = testDatabases();

testOnPostgres('a chunk is recorded in two round trips, on a distant database too', async () => {
  const server = await databases.server();
  const oneWayMs = 20;
  const proxy = await startProxy(server.port, oneWayMs);
  const dsn = elsewhere(await databases.migrated(), { port: proxy.port });
  const metadata = await databases.open(dsn, transactions, { maxOpen: 2 });
  const incidentId = await anIncident(metadata, await anAccount(metadata, 'ada'));
  const streamId = await aStream(metadata, incidentId);
  let index = 0;
  const next = async () => {
    index += 1;
    await record(metadata, { incidentId, streamId, index, key: String(index).padStart(64, '0'), quota: 1e9 });
  };
  // The first prepares its statements, which costs no round trip either.
  for (let n = 0; n < 10; n++) {
    const [trips, since] = [proxy.roundTrips(), performance.now()];
    await next();
    assert.equal(proxy.roundTrips() - trips, 2, `chunk ${index}`);
    assert.ok(performance.now() - since >= 4 * oneWayMs - 2);
  }
  await metadata.close();
  await proxy.close();
});
