import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { normalName, type ServiceKey } from '../../record/names.ts';
import { actions } from '../identity.ts';
import { type Claims, claimText, claimTexts } from './claims.ts';
import { nameFor, parseNameTemplate } from './name-template.ts';
import { matches } from './pattern.ts';
import type { Rule } from './rule.ts';
import { isAllowed, scopesOf } from './scopes.ts';

/** Few characters, so that stars, equal parts and near misses come up all the time. */
const tight = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*', '.', 'B', '\n'), maxLength: 12 });
const literal = tight.map((text) => text.replaceAll('*', ''));

describe('a pattern', () => {
  test('matches what the regular expression of its meaning matches', () => {
    fc.assert(
      fc.property(tight, literal, (pattern, value) => {
        const meaning = pattern
          .split('*')
          .map((part) => part.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'))
          .join('.*');
        assert.equal(matches(pattern, value), new RegExp(`^(?:${meaning})$`, 's').test(value));
      }),
      { numRuns: 5000 },
    );
  });

  test('matches whatever stands in for its stars, and nothing beside its ends', () => {
    fc.assert(
      fc.property(fc.array(literal, { minLength: 1, maxLength: 5 }), fc.infiniteStream(literal), (parts, filling) => {
        const value = parts.reduce((text, part) => text + (filling.next().value ?? '') + part);
        assert.equal(matches(parts.join('*'), value), true);
        const [first = '', last = ''] = [parts[0], parts.at(-1)];
        if (first !== '') assert.equal(matches(parts.join('*'), `!${value}`), false);
        if (last !== '') assert.equal(matches(parts.join('*'), `${value}!`), false);
      }),
    );
  });

  test('of many stars takes no time that grows with their number to a power', () => {
    const pattern = `${'*a'.repeat(200)}*b`;
    assert.equal(matches(pattern, 'a'.repeat(16_000)), false);
  });
});

describe('a claim', () => {
  const claims = JSON.parse(
    `{"groups":["dev","ops",7,null,{"a":1}],"email_verified":true,"n":1,"realm_access":{"roles":["x"]},"a.b":"flat","a":{"b":"deep"},
      "__proto__":"own","nothing":null,"nested":{"list":[{"x":"y"}]}}`,
  ) as Claims;
  const cases: [string, readonly string[]][] = [
    ['groups', ['dev', 'ops', '7']],
    ['email_verified', ['true']],
    ['n', ['1']],
    ['realm_access.roles', ['x']],
    ['a.b', ['flat']],
    ['__proto__', ['own']],
    ['constructor', []],
    ['constructor.name', []],
    ['realm_access', []],
    ['realm_access.roles.0', []],
    ['nested.list.0.x', []],
    ['nothing', []],
    ['absent', []],
    ['', []],
  ];
  for (const [name, expected] of cases)
    test(`${name || 'without a name'} has the values ${JSON.stringify(expected)}`, () => {
      assert.deepEqual(claimTexts(claims, name), expected);
    });

  test('is one of the token, and not of what all objects have', () => {
    const everyObject = Object.prototype as unknown as Record<string, unknown>; // as a pollution of it would leave it
    everyObject.polluted = 'x';
    try {
      assert.deepEqual(claimTexts({ sub: 'ci', nested: {} }, 'polluted'), []);
      assert.deepEqual(claimTexts({ sub: 'ci', nested: {} }, 'nested.polluted'), []);
    } finally {
      delete everyObject.polluted;
    }
  });

  test('that is a list, of one value too, is no single text', () => {
    assert.equal(claimText(claims, 'groups'), undefined);
    assert.equal(claimText(claims, 'realm_access.roles'), undefined);
    assert.equal(claimText(claims, 'a.b'), 'flat');
  });
});

describe('a name in a rule', () => {
  test('is in its normal form, whatever the claim says, and never what the rule says without it', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 80 }),
        fc.stringMatching(/^[^${}]{0,12}$/),
        fc.stringMatching(/^[^${}]{0,12}$/),
        (value, before, after) => {
          const template = parseNameTemplate(`${before}\${who}${after}`);
          assert.ok(template);
          const name = nameFor(template, { who: value });
          if (normalName(value) === undefined) {
            assert.equal(name, undefined);
            return;
          }
          assert.equal(name, normalName(before + value + after));
          if (name !== undefined) assert.equal(normalName(name), name);
        },
      ),
      { numRuns: 2000 },
    );
  });

  const owner = parseNameTemplate(`\${repository_owner}`);
  const cases: [unknown, string | undefined][] = [
    ['Acme', 'acme'],
    ['acme/../other', 'acme-other'],
    ['acme_co', 'acme-co'],
    [`\${sub}`, 'sub'],
    ['---', undefined],
    ['', undefined],
    ['x'.repeat(65), undefined],
    [['acme'], undefined],
    [{ acme: 1 }, undefined],
    [undefined, undefined],
    [null, undefined],
    [42, '42'],
  ];
  for (const [value, expected] of cases)
    test(`from ${JSON.stringify(value)} is ${expected ?? 'none'}`, () => {
      assert.ok(owner);
      assert.equal(nameFor(owner, { repository_owner: value, sub: 'secret' }), expected);
    });

  for (const text of ['', '*', 'acme*', '---', `\${}`, `\${a`, '$a', 'a}', `\${a}-\${b}`, `\${\${a}}`, 'x'.repeat(65)])
    test(`is not ${JSON.stringify(text)}`, () => {
      assert.equal(parseNameTemplate(text), undefined);
    });

  test('that is fixed is brought into its normal form', () => {
    assert.deepEqual(parseNameTemplate('Acme Inc.'), { fixed: 'acme-inc' });
  });
});

describe('rules', () => {
  const rule = (changes: Partial<Rule> = {}): Rule => ({
    match: [{ claim: 'repository', patterns: ['acme/*'] }],
    organization: { fixed: 'acme' },
    actions: ['ingest'],
    ...changes,
  });
  const scopes = (rules: readonly Rule[], claims: Claims, issuer = 'https://one') => scopesOf(rules, issuer, claims);

  test('need every claim to match, each one of its patterns', () => {
    const both = rule({
      match: [
        { claim: 'repository', patterns: ['acme/shop', 'acme/web*'] },
        { claim: 'ref', patterns: ['refs/heads/main'] },
      ],
    });
    const count = (claims: Claims) => scopes([both], claims).length;
    assert.equal(count({ repository: 'acme/shop', ref: 'refs/heads/main' }), 1);
    assert.equal(count({ repository: 'acme/website', ref: 'refs/heads/main' }), 1);
    assert.equal(count({ repository: 'acme/shop2', ref: 'refs/heads/main' }), 0);
    assert.equal(count({ repository: 'acme/shop', ref: 'refs/heads/main2' }), 0);
    assert.equal(count({ repository: 'Acme/shop', ref: 'refs/heads/main' }), 0);
    assert.equal(count({ repository: 'acme/shop' }), 0);
    assert.equal(count({}), 0);
  });

  test('match a list where any of its values does', () => {
    const any = rule({ match: [{ claim: 'groups', patterns: ['sre', 'dev-*'] }] });
    assert.equal(scopes([any], { groups: ['other', 'dev-web'] }).length, 1);
    assert.equal(scopes([any], { groups: ['other', 'my-sre'] }).length, 0);
    assert.equal(scopes([any], { groups: [] }).length, 0);
  });

  test('are for the tokens of their issuer alone', () => {
    const claims = { repository: 'acme/shop' };
    assert.equal(scopes([rule({ issuer: 'https://one' })], claims, 'https://one').length, 1);
    assert.equal(scopes([rule({ issuer: 'https://one' })], claims, 'https://one/').length, 0);
    assert.equal(scopes([rule({ issuer: 'https://one' })], claims, 'https://two').length, 0);
  });

  test('give nothing where a name cannot be made, instead of all', () => {
    const project = parseNameTemplate(`\${environment}`);
    assert.ok(project);
    const claims = { repository: 'acme/shop' };
    assert.deepEqual(scopes([rule({ project })], { ...claims, environment: 'prod' }), [
      { actions: ['ingest'], organization: 'acme', project: 'prod' },
    ]);
    for (const environment of [undefined, '', '--', ['prod']])
      assert.deepEqual(scopes([rule({ project })], { ...claims, environment }), []);
  });

  const names = fc.constantFrom('a', 'b');
  const scope = fc.record(
    { organization: names, project: names, service: names, actions: fc.subarray([...actions], { minLength: 1 }) },
    { requiredKeys: ['actions'] },
  );
  const where = fc.record({ organization: names, project: names, service: names }, { requiredKeys: [] });

  test('with parts of a key missing, allow what they allow somewhere below, and no more', () => {
    fc.assert(
      fc.property(fc.array(scope, { maxLength: 3 }), where, fc.constantFrom(...actions), (given, asked, action) => {
        const below: ServiceKey[] = ['a', 'b', 'c'].flatMap((organization) =>
          ['a', 'b', 'c'].flatMap((project) => ['a', 'b', 'c'].map((service) => ({ organization, project, service }))),
        );
        const isBelow = (key: ServiceKey) =>
          Object.entries(asked).every(([part, name]) => key[part as keyof ServiceKey] === name); // the keys of `where`
        const whole = (key: ServiceKey) =>
          given.some(
            (one) =>
              one.actions.includes(action) &&
              (one.organization ?? key.organization) === key.organization &&
              (one.project ?? key.project) === key.project &&
              (one.service ?? key.service) === key.service,
          );
        assert.equal(isAllowed(given, action, asked), below.filter(isBelow).some(whole));
      }),
      { numRuns: 2000 },
    );
  });

  test('add up, and none takes away', () => {
    fc.assert(
      fc.property(
        fc.array(scope, { maxLength: 3 }),
        scope,
        where,
        fc.constantFrom(...actions),
        (some, one, at, action) => {
          const before = isAllowed(some, action, at);
          assert.equal(isAllowed([...some, one], action, at), before || isAllowed([one], action, at));
        },
      ),
    );
  });
});
