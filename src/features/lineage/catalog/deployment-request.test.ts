import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isProblem, type Problem } from '#kit/errors.ts';
import { readDeploymentRequest, sealDeployment } from './deployment-request.ts';

const whole = {
  organization: 'Acme Inc.',
  project: 'shop',
  service: 'api',
  environment: 'Production EU',
  version: '1.2.3',
  run_id: 'r1',
};
const read = (value: unknown) =>
  readDeploymentRequest(
    new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value)),
    () => 'dep_made',
  );

describe('the request of a deployment', () => {
  test('names are normal, an id is made, what is null or empty is absent', () => {
    assert.deepEqual(read({ ...whole, artifact: null, flow: '', deployed_at: null, metadata: null }), {
      ...whole,
      organization: 'acme-inc',
      environment: 'production-eu',
      deployment_id: 'dep_made',
    });
    const { run_id: _, ...rest } = whole;
    assert.equal(read({ ...rest, artifact: 'sha256:abc', deployment_id: 'mine' }).deployment_id, 'mine');
  });

  test('the record is the request and when it came, its metadata as it was written', async () => {
    const metadata = '{"n": "1",\n "__proto__":"kept"}';
    const request = read(`${JSON.stringify(whole).slice(0, -1)},"flow":"release","metadata":${metadata}}`);
    const { payload, seal } = await sealDeployment(request, '2026-01-02T03:04:05.678Z');
    const text = new TextDecoder().decode(payload);
    assert.ok(text.endsWith(`"received_at":"2026-01-02T03:04:05.678Z","metadata":${metadata}}`), text);
    const later = await sealDeployment(request, '2026-01-03T03:04:05.678Z');
    assert.equal(later.seal.content_sha256, seal.content_sha256);
    assert.notEqual(later.seal.sha256, seal.sha256);
  });

  test('what is wrong is refused by its code', () => {
    const wrong: [object | string, string, RegExp?][] = [
      ['[]', 'invalid_json'],
      ['{"version":"1","version":"2"}', 'invalid_json'],
      [{ ...whole, extra: 1 }, 'invalid_json'],
      [{ ...whole, organization: '--' }, 'invalid_name'],
      [{ ...whole, environment: 'x'.repeat(65) }, 'invalid_request', /environment/],
      [{ ...whole, environment: 7 }, 'invalid_request', /environment/],
      [{ ...whole, version: '' }, 'invalid_request', /version/],
      [{ ...whole, version: 'x'.repeat(129) }, 'invalid_request', /version/],
      [{ ...whole, run_id: undefined }, 'invalid_request', /run_id/],
      [{ ...whole, run_id: 'a/b' }, 'invalid_run_id'],
      [{ ...whole, flow: 'Release' }, 'invalid_request', /flow/],
      [{ ...whole, deployed_at: 'yesterday' }, 'invalid_request', /deployed_at/],
      [{ ...whole, deployment_id: '../x' }, 'invalid_request', /deployment_id/],
      [{ ...whole, artifact: 'x'.repeat(513) }, 'invalid_request', /artifact/],
      [{ ...whole, metadata: { a: 1 } }, 'invalid_request', /metadata/],
    ];
    for (const [value, code, message] of wrong)
      assert.throws(
        () => read(value),
        (error) => isProblem(error) && error.code === code && (message?.test((error as Problem).message) ?? true),
        JSON.stringify(value),
      );
  });
});
