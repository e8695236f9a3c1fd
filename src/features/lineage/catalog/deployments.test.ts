import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isProblem } from '#kit/errors.ts';
import { MemoryObjectStore } from '#platform/objects/memory/memory-object-store.ts';
import type { ObjectStore } from '#platform/objects/object-store.ts';
import { cutOff } from '#platform/objects/testing/cut-off.ts';
import type { DeploymentEntry } from './catalog-keys.ts';
import type { DeploymentRequest } from './deployment-request.ts';
import { type DeploymentFilter, Deployments } from './deployments.ts';

const key = { organization: 'acme', project: 'shop', service: 'api' };
const noon = '2026-01-02T12:00:00.000Z';
const anyone = () => true;

function deployment(id: string, rest: Partial<DeploymentRequest> = {}): DeploymentRequest {
  return { ...key, deployment_id: id, environment: 'production', version: '1.2.3', run_id: 'r1', ...rest };
}

async function idsOf(deployments: Deployments, filter: DeploymentFilter = {}): Promise<string[]> {
  const page = await deployments.list(filter, { limit: 500 }, anyone);
  return page.items.map(({ deployment_id }) => deployment_id);
}

describe('deployments', () => {
  for (const when of ['before', 'after'] as const)
    for (let step = 1; step <= 4; step++)
      test(`cut off ${when} its request ${step}, a put is finished by the same put again`, async () => {
        const objects = new MemoryObjectStore();
        const request = deployment('d1', { flow: 'release' });
        await assert.rejects(new Deployments(cutOff(objects, step, when), 'strict').put(request, noon));
        const deployments = new Deployments(objects, 'strict');
        const isClaimed = step > 1 || when === 'after';
        assert.equal((await deployments.read('d1')) !== undefined, isClaimed);
        for (const listed of await idsOf(deployments))
          assert.ok(await deployments.read(listed), 'listed, so it can be read');
        const put = await deployments.put(request, '2026-01-03T12:00:00.000Z');
        assert.equal(put.outcome, isClaimed ? 'replayed' : 'created');
        assert.equal(put.kept.seal.received_at, isClaimed ? noon : '2026-01-03T12:00:00.000Z');
        for (const filter of [{}, key, { flow: 'release' }]) assert.deepEqual(await idsOf(deployments, filter), ['d1']);
        const day = put.kept.seal.received_at.slice(0, 10);
        assert.deepEqual(await idsOf(deployments, { from: day, to: day }), ['d1']);
      });

  test('the same again is a replay whatever the blanks of its metadata; anything else is a conflict and changes nothing', async () => {
    const deployments = new Deployments(new MemoryObjectStore(), 'strict');
    await deployments.put(deployment('d1', { metadata: '{"by":"jo"}' }), noon);
    const before = await deployments.read('d1');
    const spaced = await deployments.put(
      deployment('d1', { metadata: '{ "by" :\n"jo" }' }),
      '2026-01-05T00:00:00.000Z',
    );
    assert.deepEqual(spaced, { outcome: 'replayed', kept: before });
    for (const other of [{}, { metadata: '{"by":"al"}' }, { metadata: '{"by":"jo"}', service: 'web' }]) {
      assert.equal((await deployments.put(deployment('d1', other), noon)).outcome, 'conflict');
      assert.deepEqual(await deployments.read('d1'), before);
    }
    assert.deepEqual(await idsOf(deployments), ['d1']);
    assert.deepEqual(await idsOf(deployments, { ...key, service: 'web' }), []);
  });

  test('of those who race for one id one creates it, and it is listed once', async () => {
    const deployments = new Deployments(new MemoryObjectStore(), 'strict');
    const puts = await Promise.all(
      Array.from({ length: 24 }, (_, i) =>
        deployments.put(deployment('d1', { version: String(i % 12) }), `2026-01-0${1 + (i % 5)}T12:00:00.000Z`),
      ),
    );
    const count = (wanted: string) => puts.filter(({ outcome }) => outcome === wanted).length;
    assert.deepEqual([count('created'), count('replayed'), count('conflict')], [1, 1, 22]);
    assert.deepEqual(await idsOf(deployments), ['d1']);
    assert.deepEqual(await idsOf(deployments, key), ['d1']);
  });

  test('listings answer as looking at every deployment would, page by page', async () => {
    const name = fc.constantFrom('a', 'b');
    const one = fc.record({
      organization: name,
      project: name,
      service: name,
      environment: fc.constantFrom('production', 'staging'),
      flow: fc.option(fc.constantFrom('release', 'hotfix'), { nil: undefined }),
      day: fc.integer({ min: 1, max: 5 }),
      second: fc.integer({ min: 0, max: 2 }),
    });
    // Mostly absent, so that most listings have several pages.
    const maybe = <T>(value: fc.Arbitrary<T>) =>
      fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });
    const filters = fc.record({
      organization: maybe(name),
      project: maybe(name),
      service: maybe(name),
      environment: maybe(fc.constantFrom('production', 'staging')),
      flow: maybe(fc.constantFrom('release', 'hotfix')),
      from: maybe(fc.constantFrom('2026-01-02', '2026-01-03T12:00:01Z')),
      to: maybe(fc.constantFrom('2026-01-04', '2026-01-04T12:00:00Z')),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(one, { maxLength: 25 }),
        filters,
        fc.integer({ min: 1, max: 4 }),
        async (all, asked, limit) => {
          const deployments = new Deployments(new MemoryObjectStore(), 'strict');
          const known: DeploymentEntry[] = [];
          for (const [i, { day, flow, second, ...rest }] of all.entries()) {
            const received = `2026-01-0${day}T12:00:0${second}.000Z`;
            const request = deployment(`d${i}`, { ...rest, ...(flow === undefined ? {} : { flow }) });
            await deployments.put(request, received);
            const { deployment_id, environment, organization, project, service } = request;
            known.push({
              deployment_id,
              environment,
              organization,
              project,
              service,
              received_at: received,
              ...(flow === undefined ? {} : { flow }),
            });
          }
          const { from, to, ...names } = asked;
          const wanted = Object.fromEntries(Object.entries(names).filter(([, value]) => value !== undefined));
          const first = from?.includes('T') ? '2026-01-03T12:00:01.000Z' : (from ?? '0');
          const last = to?.includes('T') ? '2026-01-04T12:00:00.000Z' : `${to ?? '9'}~`;
          const expected = known
            .filter((entry) =>
              Object.entries(wanted).every(([field, value]) =>
                Object.entries(entry).some(([f, v]) => f === field && v === value),
              ),
            )
            .filter(({ received_at }) => received_at >= first && received_at <= last)
            .filter(({ service }) => service !== 'b' || asked.service === 'b')
            .sort((a, b) => (`${a.received_at}~${a.deployment_id}` < `${b.received_at}~${b.deployment_id}` ? 1 : -1));
          const seen: DeploymentEntry[] = [];
          for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
            const page = await deployments.list(
              asked,
              { limit, cursor },
              ({ service }) => service !== 'b' || asked.service === 'b',
            );
            assert.ok(page.items.length <= limit);
            seen.push(...page.items);
            assert.ok(seen.length <= known.length);
            cursor = page.next_cursor;
          }
          assert.deepEqual(seen, expected);
        },
      ),
      { numRuns: 150 },
    );
  });

  test('the newest of a service, a flow or all are found without a look at other days', async () => {
    const objects: ObjectStore = new MemoryObjectStore();
    const writing = new Deployments(objects, 'strict');
    for (let day = 10; day < 31; day++)
      await writing.put(deployment(`d${day}`, { flow: 'release' }), `2026-01-${day}T12:00:00.000Z`);
    for (const filter of [{}, key, { flow: 'release' }]) {
      const looks: string[] = [];
      const counted: ObjectStore = {
        create: (...given) => objects.create(...given),
        replace: (...given) => objects.replace(...given),
        remove: (...given) => objects.remove(...given),
        read: (...given) => objects.read(...given),
        list(prefix, after) {
          looks.push(prefix);
          return objects.list(prefix, after);
        },
        level(prefix) {
          looks.push(prefix);
          return objects.level(prefix);
        },
        health: () => objects.health(),
        close: () => objects.close(),
      };
      const page = await new Deployments(counted, 'strict').list(filter, { limit: 1 }, anyone);
      assert.deepEqual(
        page.items.map(({ deployment_id }) => deployment_id),
        ['d30'],
      );
      assert.equal(looks.length, 3, 'the days, the last of them, and one more to know whether there is more');
    }
  });

  test('a record of which one bit changed is not served, and a cursor of elsewhere is refused', async () => {
    const objects = new MemoryObjectStore();
    const deployments = new Deployments(objects, 'strict');
    await deployments.put(deployment('d1'), noon);
    const name = 'strict/v1/catalog/deployments/records/d1.json';
    const found = await objects.read(name);
    assert.ok(found);
    await objects.replace(
      name,
      found.bytes.map((byte, i) => (i === found.bytes.length - 3 ? byte ^ 1 : byte)),
      found.tag,
    );
    await assert.rejects(deployments.read('d1'), (error) => isProblem(error, 'evidence_corrupt'));
    for (const cursor of ['', 'x', 'MTp4', '1:2026'])
      await assert.rejects(deployments.list({}, { limit: 1, cursor }, anyone), (error) =>
        isProblem(error, 'invalid_cursor'),
      );
  });
});
