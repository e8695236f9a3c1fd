/** Every operation of the vault x who asks x whose it is x what is shared with whom, held against a table that knows nothing of the code. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Answer, Client } from '../http/support/client.ts';
import { openWorld, type World } from '../http/support/world.ts';
import { connectionOf, type Kind, kinds, newPlace } from './support/places.ts';
import { elsewhere, type Objects, operationOf, type Right, type Rule, rights } from './support/rights.ts';

let world: World;
before(async () => {
  world = await openWorld('permissions', {
    SAFE_RESUMABLE_MAX_OPEN: '1000',
    SAFE_SECRET_KEY: 'of no use outside of this test: 0123456789',
  });
});
after(() => world.close());

const order: Right[] = ['view', 'edit', 'own'];
const rules = Object.entries(rights);

async function ask(client: Client, name: string, rule: Rule, place: Objects): Promise<Answer> {
  const connection = rule.byOwnConnection === true ? await connectionOf(client) : place.connection;
  const objects = { ...place, connection };
  const [method = '', template = ''] = operationOf(name).split(' ');
  const path = template.replace(/\{([a-z]+)(_id)?\}/g, (_, word: string) => String(objects[word as keyof Objects]));
  return await client.call(
    method,
    `${path}${rule.query?.(objects) ?? ''}`,
    rule.body?.(objects),
    rule.headers?.(objects) ?? {},
  );
}

/** A code, where it is said in JSON or in the plain words of tus; else the status. */
function outcome(answer: Answer): string {
  if (answer.code !== '') return answer.code;
  return answer.status < 400
    ? String(answer.status)
    : (/^[a-z_]+/.exec(answer.bytes.toString())?.[0] ?? String(answer.status));
}

/** What an answer without a body still says. */
function fits(name: string, answer: Answer, due: string, where: string): void {
  if (name.startsWith('HEAD') && !/^\d+$/.test(due))
    assert.equal(answer.status, due.endsWith('not_found') ? 404 : 401, where);
  else if (/^\d+$/.test(due)) assert.equal(String(answer.status), due, `${where}: ${outcome(answer)}`);
  else assert.equal(outcome(answer), due, where);
}

test('the table knows every operation, and no other', () => {
  const known = new Set(rules.map(([name]) => operationOf(name)));
  const found = world.contract
    .operations()
    .map(({ method, path }) => `${method} ${path}`)
    .filter((operation) => known.has(operation) || !elsewhere.test(operation.split(' ')[1] ?? ''));
  assert.deepEqual(
    found.filter((operation) => !known.has(operation)),
    [],
    'what nobody has said who may do',
  );
  assert.deepEqual(
    [...known].filter((operation) => !found.includes(operation)),
    [],
    'what there is no more',
  );
  for (const { method, path, operation } of world.contract.operations()) {
    const rule = rules.find(([name]) => operationOf(name) === `${method} ${path}`)?.[1];
    if (rule === undefined) continue;
    const access = rule.by === 'anyone' || rule.by === 'admin' ? rule.by : 'account';
    assert.equal(operation['x-access'], access, `${method} ${path}`);
  }
});

test('nobody: signs in first', async () => {
  const objects = await newPlace(world, world.ada);
  const before = await looks(objects);
  for (const [name, { byOwnConnection: _, ...rule }] of rules) {
    const due = rule.by === 'anyone' ? String(rule.success) : 'authentication_required';
    fits(name, await ask(world.nobody, name, rule, objects), due, `nobody: ${name}`);
  }
  assert.deepEqual(await looks(objects), before);
});

for (const role of ['user', 'administrator'] as const) {
  test(`${role}: all of what is their own`, async () => {
    const client = role === 'user' ? world.bob : world.root;
    for (const [name, rule] of rules) {
      const objects = await newPlace(world, client);
      const due = rule.by === 'admin' && role === 'user' ? 'forbidden' : String(rule.success);
      fits(name, await ask(client, name, rule, objects), due, `${role}, own: ${name}`);
    }
  });

  for (const [kind, given] of Object.entries(kinds)) {
    test(`${role}: what is Ada's, with ${kind}`, async (t) => {
      const client = role === 'user' ? world.bob : world.root;
      const accountId = role === 'user' ? world.accounts.bob : world.accounts.root;
      const start = async () => {
        const place = await newPlace(world, world.ada);
        await given.make(world, place, accountId);
        return { place, before: await looks(place) };
      };
      let { place, before } = await start();
      let cells = 0;
      for (const [name, rule] of rules) {
        const where = `${role}, ${kind}: ${name}`;
        const due = dueTo(rule, given, role);
        fits(name, await ask(client, name, rule, place), due, where);
        cells += 1;
        if (name.startsWith('GET') || !('on' in rule || rule.by === 'owner')) continue;
        if (due === String(rule.success)) ({ place, before } = await start());
        else assert.deepEqual(await looks(place), before, `${where} changed something`);
      }
      t.diagnostic(`cells: ${cells}`);
    });
  }
}

function dueTo(rule: Rule, given: Kind, role: string): string {
  if (rule.by === 'anyone' && given.trashed === true && rule.inTrash !== undefined) return rule.inTrash;
  if (rule.by === 'owner') return rule.missing;
  if (rule.by === 'admin' && role === 'user') return 'forbidden';
  if (!('on' in rule)) return String(rule.success);
  const has = given[rule.on];
  if (has === undefined) return `${rule.on}_not_found`;
  return order.indexOf(has) >= order.indexOf(rule.by) ? String(rule.success) : 'forbidden';
}

/** What there is of the objects, as their owner sees it. */
async function looks({ document, folder, share, topic, upload }: Objects): Promise<string[]> {
  const { ada } = world;
  const answers = await Promise.all([
    ada.get(`/v1/documents/${document}`),
    ada.get(`/v1/folders/${folder}`),
    ada.get(`/v1/documents?folder_id=${folder}`),
    ada.get(`/v1/folders?parent_id=${folder}`),
    ada.get(`/v1/documents/${document}/shares`),
    ada.get(`/v1/folders/${folder}/shares`),
    ada.get('/v1/topics?limit=500'),
    ada.get('/v1/documents/uploads?limit=500'),
  ]);
  const [, , , , , shares, topics, uploads] = answers;
  for (const [list, id] of [
    [shares?.body.shares, share],
    [topics?.body.topics, topic],
    [uploads?.body.uploads, upload],
  ])
    assert.ok(
      list.some((one: { id: string }) => one.id === id),
      `${id} is there`,
    );
  const words = answers.slice(0, 6).map(({ body }) =>
    // Background work and anybody's downloads are no change by who asked.
    JSON.stringify(body, (key, value) =>
      ['status', 'media_type', 'updated_at', 'downloads'].includes(key) ? undefined : value,
    ),
  );
  return words;
}
