import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import type { JsonSchema } from '#features/reference/index.ts';
import { newPlace } from '../documents/support/places.ts';
import type { DocumentedOperation } from '../http/support/contract.ts';
import { openWorld, type World } from '../http/support/world.ts';
import { parametersOf } from './runs.ts';

let world: World;
/** By the name of the parameter: what there is, for most of the requests. */
let objects: Record<string, readonly string[]>;
before(async () => {
  world = await openWorld('any-request', {
    SAFE_DELETION_WORKER_INTERVAL: '0',
    SAFE_SECRET_KEY: 'of no use outside of this test: 0123456789',
  });
  const incident = await world.ada.incident();
  const { id } = await world.ada.filledStream(incident, 1);
  const link = await world.ada.post(`/v1/incidents/${incident}/incident-tokens`);
  const place = await newPlace(world, world.ada);
  objects = {
    incident_id: [incident],
    stream_id: [id],
    token_id: [link.body.token_id],
    token: [link.body.token, place.token],
    account_id: [world.accounts.bob],
    document_id: [place.document],
    folder_id: [place.folder, place.outer],
    topic_id: [place.topic],
    share_id: [place.share],
    upload_id: [place.upload],
    group_id: [place.group],
    connection_id: [place.connection],
  };
});
after(() => world.close());

const oddText = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('', '\0', '\ud800', '__proto__', 'null', '1e999', "'", '%00', 'a'.repeat(5_000)),
);
const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  oddText,
  fc.jsonValue({ maxDepth: 3 }),
  fc.double({ noNaN: true }),
  fc.constant(null),
);

/** A value that the schema describes, mostly; now and then one that it does not. */
function valueFor(schema: JsonSchema): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 6, arbitrary: fitting(schema) }, { weight: 1, arbitrary: oddValue });
}

function fitting(schema: JsonSchema): fc.Arbitrary<unknown> {
  if (schema.$ref !== undefined) return fitting(world.contract.resolve(schema.$ref));
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(fitting));
  if (schema.properties !== undefined) return objectOf(schema);
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === 'integer')
    return fc.integer({ min: schema.minimum ?? -5, max: Math.min(schema.maximum ?? 50, 2 ** 31 - 1) });
  if (type === 'number') return fc.double({ noNaN: true });
  if (type === 'boolean') return fc.boolean();
  return fc.string({ maxLength: schema.maxLength ?? 60 });
}

function objectOf({ properties = {}, required = [] }: JsonSchema): fc.Arbitrary<unknown> {
  const known = fc.record(
    Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, valueFor(value)])),
    {
      requiredKeys: required,
    },
  );
  const extra = fc.option(fc.tuple(oddText, oddValue), { nil: undefined, freq: 8 });
  return fc.tuple(known, extra).map(([value, more]) => (more === undefined ? value : { ...value, [more[0]]: more[1] }));
}

interface Request {
  method: string;
  path: string;
  query: string;
  body: string | undefined;
  headers: Record<string, string>;
}

const segment = (name: string) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...(objects[name] ?? ['1'])) },
    {
      weight: 1,
      arbitrary: oddText.filter(
        (text) => text.isWellFormed() && text !== '' && text !== '.' && text !== '..' && text.length < 200,
      ),
    },
  );

function requestOf(method: string, path: string, operation: DocumentedOperation): fc.Arbitrary<Request> {
  const parameters = operation.parameters ?? [];
  const names = parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name);
  const queries = parameters.filter((parameter) => parameter.in === 'query');
  const schema = operation.requestBody?.content['application/json']?.schema;
  const text =
    schema === undefined
      ? fc.option(oddText, { nil: undefined })
      : fc.oneof(
          { weight: 8, arbitrary: valueFor(schema).map((value) => JSON.stringify(value)) },
          { weight: 1, arbitrary: oddText },
        );
  const visible = fc.stringMatching(/^[\x21-\x7e]{1,60}$/);
  const headers: [string, fc.Arbitrary<string>][] = [['content-type', visible]];
  for (const { in: place, name, schema: each } of parameters) {
    if (place !== 'header') continue;
    const known = each.enum?.map(String) ?? [];
    headers.push([name, known.length === 0 ? visible : fc.oneof(visible, fc.constantFrom(...known))]);
  }
  return fc.record({
    method: fc.constant(method),
    path: fc
      .tuple(...names.map(segment))
      .map((values) =>
        names.reduce((at, name, i) => at.replace(`{${name}}`, encodeURIComponent(String(values[i]))), path),
      ),
    query: fc
      .tuple(...queries.map(({ schema: each }) => fc.option(valueFor(each), { nil: undefined })))
      .map((values) =>
        new URLSearchParams(
          queries.flatMap(({ name }, i): [string, string][] =>
            values[i] === undefined ? [] : [[name, String(values[i])]],
          ),
        ).toString(),
      ),
    body: method === 'GET' || method === 'HEAD' ? fc.constant(undefined) : text,
    headers: fc.subarray(headers).chain((some) => fc.record(Object.fromEntries(some))),
  });
}

test('whatever is sent to any operation, the answer is a documented one, and never the fault of the server', async (t) => {
  const parameters = parametersOf(t, { runs: 800 });
  // Sessions must last, and a password costs what a password costs.
  const left = world.contract
    .operations()
    .filter(
      ({ path }) =>
        !/\/(logout|logout-everywhere|password|login|sessions\/revoke)$/.test(path) && path !== '/v1/admin/accounts',
    );
  const statuses = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...left).chain(({ method, path, operation }) => requestOf(method, path, operation)),
      fc.constantFrom('ada' as const, 'root' as const, 'bob' as const),
      async ({ method, path, query, body, headers }, who) => {
        // Deleting what there is would leave the rest of the run with nothing to meet.
        const deletes = method === 'DELETE' || (method === 'POST' && path.endsWith('/deletion'));
        fc.pre(
          !(
            deletes &&
            Object.values(objects)
              .flat()
              .some((one) => path.includes(one))
          ),
        );
        const answer = await world[who].call(method, `${path}${query === '' ? '' : `?${query}`}`, body, headers);
        assert.ok(answer.status < 500, `${answer.status} ${answer.code}`);
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      },
    ),
    parameters,
  );
  t.diagnostic(
    [...statuses]
      .sort(([a], [b]) => a - b)
      .map(([status, count]) => `${status}: ${count}`)
      .join(', '),
  );
  assert.ok(
    [200, 400, 404].every((status) => statuses.has(status)),
    'the requests reach past the first refusal',
  );
  assert.equal((await world.ada.get('/v1/account')).status, 200);
});
