import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { internalCodes, unroutedCodes } from '#features/reference/index.ts';
import { errorCodes } from '#kit/error-codes.ts';
import { routesOfRelay } from '../../scripts/docs/routes-of-relay.ts';
import { routesOfRelayApi, routesOfServer } from '../../scripts/docs/routes-of-server.ts';
import type { DocumentedResponse } from './support/contract.ts';
import { mistakes } from './support/json-schema-check.ts';
import { openWorld, type World } from './support/world.ts';

type Media = NonNullable<DocumentedResponse['content']>[string];

let world: World;
before(async () => {
  world = await openWorld('reference', { STRICTURE_SERVER_AUTH_MODE: 'none' });
});
after(() => world.close());

test('every reference in the document resolves, ids are unique, and each operation has what a reader needs', () => {
  const { document } = world.contract;
  assert.equal(document.openapi, '3.1.0');
  const refs = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref = '']) => ref);
  assert.ok(refs.length > 50);
  for (const ref of refs) {
    const target = ref
      .slice(2)
      .split('/')
      .reduce((at: unknown, key) => (at as Record<string, unknown> | undefined)?.[key], document);
    assert.ok(target, `${ref} resolves`);
  }
  const operations = world.contract.operations();
  assert.ok(operations.length >= 33);
  assert.equal(new Set(operations.map(({ operation }) => operation.operationId)).size, operations.length);
  for (const { path, operation } of operations) {
    const named = [...path.matchAll(/\{([a-z_]+)\}/g)].map(([, name]) => name);
    const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
    assert.deepEqual(
      declared.map(({ name }) => name),
      named,
      path,
    );
    assert.ok(
      Object.keys(operation.responses).some((status) => status.startsWith('2')),
      path,
    );
    assert.ok(operation.responses['500'], path);
  }
});

test('every example fits the schema that it stands beside', () => {
  let examples = 0;
  for (const { path, method, operation } of world.contract.operations()) {
    const contents: Media[] = [
      ...Object.values(operation.requestBody?.content ?? {}),
      ...Object.values(operation.responses).flatMap((response) => Object.values(response.content ?? {})),
    ];
    for (const { schema, example, examples: named = {} } of contents) {
      const values = Object.values(named).map(
        ({ $ref }) => world.contract.document.components.examples[$ref.split('/').at(-1) ?? '']?.value,
      );
      for (const value of example === undefined ? values : [example, ...values]) {
        assert.deepEqual(mistakes(schema, value, world.contract.resolve), [], `${method} ${path}`);
        examples += 1;
      }
    }
  }
  assert.ok(examples > 200, `${examples}`);
});

test('the check itself finds missing, undocumented, mistyped and unlisted values', () => {
  const resolve = () => ({ type: 'string', enum: ['a'] });
  const schema = {
    type: 'object',
    properties: { n: { type: 'integer', minimum: 1 }, t: { type: 'string', format: 'date-time' }, r: { $ref: 'x' } },
    required: ['n'],
    additionalProperties: false,
  };
  assert.deepEqual(mistakes(schema, { n: 1, t: '2026-01-02T03:04:05.678Z', r: 'a' }, resolve), []);
  for (const wrong of [
    {},
    { n: 0 },
    { n: 1.5 },
    { n: '1' },
    { n: 1, x: 1 },
    { n: 1, t: '2026-01-02T03:04:05+01:00' },
    { n: 1, r: 'b' },
    [],
    null,
  ])
    assert.notDeepEqual(mistakes(schema, wrong, resolve), [], JSON.stringify(wrong));
});

test('every code of the registry is documented at some route, or is one that never leaves the process', async () => {
  // Those of a relay, and those for relays, are in docs/api.md: a server describes its main listener alone.
  const ofRelay = [...(await routesOfRelay()), ...(await routesOfRelayApi())].flatMap(({ errors }) => errors);
  const documented = new Set<string>([...unroutedCodes, ...internalCodes, ...ofRelay]);
  for (const { operation } of world.contract.operations())
    for (const response of Object.values(operation.responses))
      for (const [, code = ''] of response.description.matchAll(/`([a-z_0-9]+)`:/g)) documented.add(code);
  const known: string[] = Object.keys(errorCodes);
  assert.deepEqual(
    known.filter((code) => !documented.has(code)),
    [],
  );
  assert.deepEqual(
    [...documented].filter((code) => !known.includes(code)),
    [],
  );
});

test('every documented operation is mounted: none answers that there is nothing or that the method is wrong', async () => {
  for (const { method, path } of world.contract.operations()) {
    const answer = await world.nobody.call(
      method,
      path.replace(/\{[a-z_]+\}/g, 'x'),
      ['GET', 'HEAD'].includes(method) ? undefined : '',
    );
    assert.ok(!['not_found', 'method_not_allowed'].includes(answer.code), `${method} ${path}: ${answer.code}`);
  }
});

test('every mounted route is documented, but for pages, files and the older spelling of links', async () => {
  const routes = await routesOfServer();
  const documented = new Set(world.contract.operations().map(({ method, path }) => `${method} ${path}`));
  const left = routes
    .map(({ method, path }) => `${method} ${path.replace(/:([a-z_]+)/g, '{$1}')}`)
    .filter((route) => !documented.has(route));
  assert.ok(left.length > 0);
  for (const route of left)
    assert.match(
      route,
      /^(GET \/([is]\/\{token\}$|i\/\{token\}\/capture-groups\/\{capture_group_id\}$|e\/|s\/assets\/|static\/|reference|lineage|documents)|POST \/(lineage\/sign-|s\/\{token\}$|documents))/,
    );
  assert.equal(routes.length, documented.size + left.length);
});

test('what is mounted beside the documented operations answers 405 with the methods that it does have', async () => {
  for (const [path, item] of Object.entries(world.contract.document.paths)) {
    const documented = Object.keys(item).map((method) => method.toUpperCase());
    for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      if (documented.includes(method)) continue;
      const answer = await world.root.call(method, path.replace(/\{[a-z_]+\}/g, 'x'));
      assert.equal(answer.status, 405, `${method} ${path} is mounted and not documented`);
      assert.deepEqual(answer.headers.get('allow')?.split(', ').sort(), documented.sort(), path);
    }
  }
});

test('the page names every operation and every code, links only to itself, and needs no script', async () => {
  const response = await fetch(`${world.server.url}/reference`);
  const page = await response.text();
  assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8');
  assert.match(response.headers.get('content-security-policy') ?? '', /default-src 'none'(?!.*unsafe)/);
  assert.doesNotMatch(page, /<script|<style|style="| on[a-z]+="|(href|src|action)="https?:/);
  const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id = '']) => id);
  assert.equal(new Set(ids).size, ids.length, 'ids are unique');
  for (const [, target = ''] of page.matchAll(/href="#([^"]+)"/g)) assert.ok(ids.includes(target), `#${target} exists`);
  for (const { operation } of world.contract.operations()) assert.ok(ids.includes(operation.operationId));
  const style = await fetch(`${world.server.url}/reference/style.css`);
  assert.deepEqual([style.status, style.headers.get('content-type')], [200, 'text/css; charset=utf-8']);
});
