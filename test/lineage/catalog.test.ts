import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { catalogRoutes } from '#features/lineage/catalog/catalog.routes.ts';
import { type LineageApp, startLineageApp } from '../support/lineage-app.ts';

let app: LineageApp;
before(async () => {
  app = await startLineageApp(catalogRoutes);
});
after(() => app.close());

const put = (path: string, body: string | Uint8Array<ArrayBuffer>, token = 'admin') =>
  app.call('PUT', path, { token, body });
const get = (path: string, token = 'reader', headers: Record<string, string> = {}) =>
  app.call('GET', path, { token, headers });
const post = (body: unknown, token = 'shop-emitter') =>
  app.call('POST', '/v1/deployments', { token, body: typeof body === 'string' ? body : JSON.stringify(body) });

async function refusal(response: Response): Promise<[number, string]> {
  const { error } = (await response.json()) as { error: { code: string } };
  return [response.status, error.code];
}

for (const [kind, missing] of [
  ['policies', 'policy_not_found'],
  ['flows', 'flow_not_found'],
] as const)
  describe(kind, () => {
    test('a version is kept byte for byte and never changes', async () => {
      const path = `/v1/${kind}/retention/versions/1.2.0`;
      const text = '{ "keep" : 1.0,\n\t"é": [] }\n';
      const made = await put(path, text);
      assert.equal(made.status, 201);
      assert.equal(made.headers.get('location'), path);
      const sha256 = createHash('sha256').update(text).digest('hex');
      const kept = {
        id: 'retention',
        version: '1.2.0',
        location: path,
        received_at: app.time.now,
        sha256,
        bytes: Buffer.byteLength(text),
      };
      assert.deepEqual(await made.json(), kept);
      assert.deepEqual(app.acts.at(-1), {
        action: 'upload',
        subject: 'admin',
        outcome: 'created',
        document: `${kind}/retention@1.2.0`,
      });
      const again = await put(path, text);
      assert.equal(again.status, 200);
      assert.deepEqual(await again.json(), { ...kept, replayed: true });
      assert.deepEqual(await refusal(await put(path, '{"keep":1.0,"é":[]}')), [409, 'revision_conflict']);

      const read = await get(path);
      assert.equal(read.status, 200);
      assert.equal(await read.text(), text);
      assert.equal(read.headers.get('etag'), `"${sha256}"`);
      assert.equal(read.headers.get('repr-digest'), `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`);
      assert.equal(read.headers.get('cache-control'), 'private, max-age=31536000, immutable');
      assert.equal(read.headers.get('content-type'), 'application/json; charset=utf-8');
      const known = await get(path, 'reader', { 'If-None-Match': `"${sha256}"` });
      assert.deepEqual([known.status, await known.text()], [304, '']);
    });

    test('the latest is the highest release, wherever it stays', async () => {
      for (const version of ['2', '10.0.0', '11.0.0-rc.1', '9.0.0'])
        await put(`/v1/${kind}/order/versions/${version}`, `"${version}"`);
      const latest = await get(`/v1/${kind}/order`);
      assert.equal(await latest.text(), '"10.0.0"');
      assert.equal(latest.headers.get('content-location'), `/v1/${kind}/order/versions/10.0.0`);
      assert.equal(latest.headers.get('cache-control'), 'private, no-cache');
      const etag = latest.headers.get('etag') ?? '';
      assert.equal((await get(`/v1/${kind}/order`, 'reader', { 'If-None-Match': etag })).status, 304);
      await put(`/v1/${kind}/order/versions/12`, '"12"');
      assert.equal(await (await get(`/v1/${kind}/order`, 'reader', { 'If-None-Match': etag })).text(), '"12"');

      const listed = (await (await get(`/v1/${kind}/order/versions?limit=4`)).json()) as {
        versions: { version: string; location: string }[];
        latest: { version: string };
        next_cursor: string;
      };
      assert.deepEqual(
        listed.versions.map(({ version }) => version),
        ['12', '11.0.0-rc.1', '10.0.0', '9.0.0'],
      );
      assert.equal(listed.latest.version, '12');
      for (const { location, version } of listed.versions)
        assert.equal(await (await get(location)).text(), `"${version}"`);
      const rest = await (await get(`/v1/${kind}/order/versions?cursor=${listed.next_cursor}`)).json();
      assert.deepEqual(rest, {
        versions: [{ version: '2', location: `/v1/${kind}/order/versions/2` }],
        latest: { version: '12', location: `/v1/${kind}/order/versions/12` },
      });
      const ids = (await (await get(`/v1/${kind}`)).json()) as Record<string, unknown>;
      assert.deepEqual(ids, {
        [kind]: [
          { id: 'order', latest: { version: '12', location: `/v1/${kind}/order/versions/12` } },
          { id: 'retention', latest: { version: '1.2.0', location: `/v1/${kind}/retention/versions/1.2.0` } },
        ],
      });
    });

    test('only an admin writes, only a reader reads', async () => {
      for (const token of ['reader', 'emitter', 'acme-reader'])
        assert.deepEqual(await refusal(await put(`/v1/${kind}/mine/versions/1`, '1', token)), [403, 'forbidden']);
      for (const path of ['', '/retention', '/retention/versions', '/retention/versions/1.2.0']) {
        assert.deepEqual(await refusal(await get(`/v1/${kind}${path}`, 'admin')), [403, 'forbidden']);
        assert.deepEqual(await refusal(await get(`/v1/${kind}${path}`, 'nobody')), [401, 'authentication_required']);
      }
      assert.deepEqual(app.acts.at(-1), { action: 'read', subject: 'unknown', outcome: 'authentication_required' });
      assert.equal((await get(`/v1/${kind}/mine`)).status, 404);
    });

    test('what is wrong is refused by its code, and nothing of it is kept', async () => {
      const large = `"${'x'.repeat(1024 * 1024 - 2)}"`;
      assert.equal((await put(`/v1/${kind}/large/versions/1`, large)).status, 201);
      const wrong: [string, string | Uint8Array<ArrayBuffer>, [number, string]][] = [
        ['wrong/versions/1', `${large} `, [413, 'request_too_large']],
        ['wrong/versions/1', '', [400, 'invalid_json']],
        ['wrong/versions/1', '{"a":1,"a":2}', [400, 'invalid_json']],
        ['wrong/versions/1', new Uint8Array([0x22, 0xff, 0x22]), [400, 'invalid_json']],
        ['wrong/versions/v1', '1', [400, 'invalid_version']],
        ['wrong/versions/1.0.0+b', '1', [400, 'invalid_version']],
        ['WRONG/versions/1', '1', [400, 'invalid_name']],
        ['..%2Fwrong/versions/1', '1', [400, 'invalid_name']],
      ];
      for (const [path, body, expected] of wrong)
        assert.deepEqual(await refusal(await put(`/v1/${kind}/${path}`, body)), expected, path);
      for (const path of [
        'wrong',
        'wrong/versions',
        'wrong/versions/1',
        'WRONG',
        'retention/versions/9',
        'retention/versions/v1',
      ])
        assert.deepEqual(await refusal(await get(`/v1/${kind}/${path}`)), [404, missing], path);
      assert.deepEqual(await refusal(await get(`/v1/${kind}?cursor=x`)), [400, 'invalid_cursor']);
      assert.deepEqual(await refusal(await get(`/v1/${kind}/retention/versions?limit=0`)), [400, 'invalid_request']);
    });

    test('of those who race for one version one wins, and everybody reads the winner', async () => {
      const path = `/v1/${kind}/raced/versions/1`;
      const answers = await Promise.all(Array.from({ length: 16 }, (_, i) => put(path, String(i % 4))));
      const count = (status: number) => answers.filter((answer) => answer.status === status).length;
      assert.deepEqual([count(201), count(200), count(409)], [1, 3, 12]);
      assert.equal(await (await get(path)).text(), String(answers.findIndex(({ status }) => status === 201) % 4));
    });
  });

describe('deployments', () => {
  const whole = {
    organization: 'Acme',
    project: 'shop',
    service: 'api',
    environment: 'Production',
    version: '1.2.3+b',
    run_id: 'r1',
    flow: 'release',
    deployed_at: '2026-01-02T03:00:00Z',
    metadata: { by: 'jo' },
  };
  type Listed = { deployments: { deployment_id: string }[]; next_cursor?: string };
  const list = async (path: string, token = 'reader') => {
    const response = await get(path, token);
    assert.equal(response.status, 200);
    return (await response.json()) as Listed;
  };
  const idsOf = async (path: string, token?: string) =>
    (await list(path, token)).deployments.map((one) => one.deployment_id);

  test('one is kept once, comes back byte for byte and is found by service and flow', async () => {
    app.time.now = '2026-01-03T00:00:00.000Z';
    const made = await post({ ...whole, deployment_id: 'd1' });
    assert.equal(made.status, 201);
    assert.deepEqual(await made.json(), { accepted: true, deployment_id: 'd1', location: '/v1/deployments/d1' });
    assert.deepEqual(app.acts.at(-1), {
      action: 'ingest',
      subject: 'shop-emitter',
      outcome: 'created',
      organization: 'acme',
      project: 'shop',
      service: 'api',
      deployment_id: 'd1',
    });
    app.time.now = '2026-01-04T00:00:00.000Z';
    const again = await post({ ...whole, deployment_id: 'd1' });
    assert.equal(again.status, 200);
    assert.deepEqual(await again.json(), {
      accepted: true,
      deployment_id: 'd1',
      location: '/v1/deployments/d1',
      replayed: true,
    });
    assert.deepEqual(await refusal(await post({ ...whole, deployment_id: 'd1', version: '2' })), [
      409,
      'deployment_conflict',
    ]);
    const read = await get('/v1/deployments/d1', 'acme-reader');
    const text = await read.text();
    const { organization: _, environment: __, ...rest } = whole;
    const record = {
      ...rest,
      organization: 'acme',
      environment: 'production',
      deployment_id: 'd1',
      received_at: '2026-01-03T00:00:00.000Z',
    };
    assert.deepEqual(JSON.parse(text), record);
    const etag = `"${createHash('sha256').update(text).digest('hex')}"`;
    assert.equal(read.headers.get('etag'), etag);
    assert.equal(read.headers.get('cache-control'), 'private, max-age=31536000, immutable');
    assert.equal((await get('/v1/deployments/d1', 'reader', { 'If-None-Match': etag })).status, 304);
    assert.deepEqual(await list('/v1/flows/release/deployments'), { deployments: [record] });
    assert.deepEqual(await list('/v1/deployments?organization=ACME&project=shop&service=api'), {
      deployments: [record],
    });
  });

  test('an id is made where none came', async () => {
    const made = (await (await post({ ...whole, service: 'made', flow: undefined })).json()) as {
      deployment_id: string;
    };
    assert.match(made.deployment_id, /^dep_[0-9a-z]{26}$/);
    assert.deepEqual(await idsOf('/v1/deployments?organization=acme&project=shop&service=made'), [made.deployment_id]);
  });

  test('listings are newest first, paged, filtered, and show what the caller may read', async () => {
    const scope = { ...whole, service: 'listed', flow: 'nightly' };
    for (let i = 1; i <= 9; i++) {
      app.time.now = `2026-02-0${i}T12:00:00.000Z`;
      const environment = i % 3 === 0 ? 'staging' : 'production';
      await post({ ...scope, environment, deployment_id: `l${i}` });
      await post({ ...scope, organization: 'other', deployment_id: `o${i}` }, 'emitter');
    }
    const at = '/v1/deployments?organization=acme&project=shop&service=listed';
    assert.deepEqual(await idsOf(at), ['l9', 'l8', 'l7', 'l6', 'l5', 'l4', 'l3', 'l2', 'l1']);
    assert.deepEqual(await idsOf(`${at}&environment=staging`), ['l9', 'l6', 'l3']);
    assert.deepEqual(await idsOf(`${at}&from=2026-02-03&to=2026-02-05T12:00:00Z`), ['l5', 'l4', 'l3']);
    assert.deepEqual(await idsOf(`${at}&flow=release`), []);
    assert.deepEqual(await idsOf('/v1/flows/nightly/deployments?limit=3'), ['o9', 'l9', 'o8']);
    const mine = ['l9', 'l8', 'l7', 'l6', 'l5', 'l4', 'l3', 'l2', 'l1'];
    for (const path of ['/v1/deployments?flow=nightly', '/v1/flows/nightly/deployments?organization=acme']) {
      const seen: string[] = [];
      for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
        const separator = path.includes('?') ? '&' : '?';
        const page = await list(
          `${path}${separator}limit=2${cursor === undefined ? '' : `&cursor=${cursor}`}`,
          'acme-reader',
        );
        seen.push(...page.deployments.map((one) => one.deployment_id));
        cursor = page.next_cursor;
      }
      assert.deepEqual(seen, mine);
    }
  });

  test('each caller within its scopes', async () => {
    await post({ ...whole, organization: 'other', deployment_id: 'hidden' }, 'emitter');
    assert.equal((await get('/v1/deployments/hidden')).status, 200);
    assert.deepEqual(await refusal(await get('/v1/deployments/hidden', 'acme-reader')), [404, 'deployment_not_found']);
    assert.deepEqual(await refusal(await get('/v1/deployments/hidden', 'emitter')), [403, 'forbidden']);
    assert.deepEqual(await refusal(await get('/v1/deployments?organization=other', 'acme-reader')), [403, 'forbidden']);
    assert.deepEqual(await refusal(await post({ ...whole, project: 'bank' })), [403, 'forbidden']);
    assert.deepEqual(await refusal(await post(whole, 'reader')), [403, 'forbidden']);
    assert.deepEqual(await refusal(await post('not json', 'nobody')), [401, 'authentication_required']);
  });

  test('what is wrong is refused by its code', async () => {
    assert.deepEqual(await refusal(await post({ ...whole, extra: 1 })), [400, 'invalid_json']);
    assert.deepEqual(await refusal(await post({ ...whole, run_id: undefined })), [400, 'invalid_request']);
    assert.deepEqual(await refusal(await post({ ...whole, metadata: { a: 'x'.repeat(70_000) } })), [
      413,
      'request_too_large',
    ]);
    for (const id of ['nothing', '..%2Fd1', 'd1~'])
      assert.deepEqual(await refusal(await get(`/v1/deployments/${id}`)), [404, 'deployment_not_found']);
    assert.deepEqual(await refusal(await get('/v1/deployments?from=tomorrow')), [400, 'invalid_request']);
    assert.deepEqual(await refusal(await get('/v1/deployments?service=--')), [400, 'invalid_request']);
    assert.deepEqual(await refusal(await get('/v1/flows/No/deployments')), [400, 'invalid_request']);
    assert.deepEqual(await refusal(await get('/v1/deployments?cursor=x')), [400, 'invalid_cursor']);
  });

  test('of those who race for one id one wins, and it is listed once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 16 }, (_, i) =>
        post({ ...whole, service: 'raced', deployment_id: 'raced', version: String(i % 4) }),
      ),
    );
    const count = (status: number) => answers.filter((answer) => answer.status === status).length;
    assert.deepEqual([count(201), count(200), count(409)], [1, 3, 12]);
    assert.deepEqual(await idsOf('/v1/deployments?organization=acme&project=shop&service=raced'), ['raced']);
  });
});
