import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StartupError } from '#platform/process/startup-error.ts';
import { publicGithub } from './github-pin.ts';
import { parseRules } from './parse-rules.ts';
import { scopesOf } from './scopes.ts';

const own = 'https://id.example.org';
const rule = { match: { sub: 'ci' }, organization: 'acme', actions: ['ingest'] };

function refusal(text: string, issuers: readonly string[] = [own]): string {
  try {
    parseRules(text, issuers);
  } catch (error) {
    assert.ok(error instanceof StartupError, String(error));
    assert.match(error.remedy, /STRICTURE_SERVER_RULES/);
    return error.message;
  }
  return 'no refusal';
}

describe('the rules', () => {
  test('are read with everything in them', () => {
    const text = JSON.stringify([
      { issuer: own, match: { sub: 'ci', groups: ['a', 'b*'] }, organization: 'Acme', actions: ['ingest', 'read'] },
      { ...rule, organization: '*', project: `\${project}`, service: 'api' },
    ]);
    assert.deepEqual(parseRules(text, [own]), [
      {
        issuer: own,
        match: [
          { claim: 'sub', patterns: ['ci'] },
          { claim: 'groups', patterns: ['a', 'b*'] },
        ],
        organization: { fixed: 'acme' },
        actions: ['ingest', 'read'],
      },
      {
        match: [{ claim: 'sub', patterns: ['ci'] }],
        project: { before: '', claim: 'project', after: '' },
        service: { fixed: 'api' },
        actions: ['ingest'],
      },
    ]);
  });

  const wrong: [unknown, RegExp][] = [
    ['rule', /^Rule 2, the whole of it: /],
    [null, /^Rule 2, the whole of it: /],
    [[], /^Rule 2, the whole of it: /],
    [{ ...rule, projects: 'x' }, /^Rule 2, projects: is no field of a rule\.$/],
    [{ ...rule, issuer: 7 }, /^Rule 2, issuer: must be text\.$/],
    [{ ...rule, issuer: `${own}/` }, /^Rule 2, issuer: must be exactly/],
    [{ ...rule, match: undefined }, /^Rule 2, match: must be an object/],
    [{ ...rule, match: ['sub'] }, /^Rule 2, match: must be an object/],
    [{ ...rule, match: {} }, /^Rule 2, match: must name at least one claim/],
    [{ ...rule, match: { sub: [] } }, /^Rule 2, match\.sub: must be a pattern/],
    [{ ...rule, match: { sub: '' } }, /^Rule 2, match\.sub: must be a pattern/],
    [{ ...rule, match: { n: 'x', sub: 3 } }, /^Rule 2, match\.sub: must be a pattern/],
    [{ ...rule, organization: undefined }, /^Rule 2, organization: must be text\.$/],
    [{ ...rule, organization: 'acme*' }, /^Rule 2, organization: must be a name/],
    [{ ...rule, organization: `\${a}\${b}` }, /^Rule 2, organization: must be a name/],
    [{ ...rule, project: '*' }, /^Rule 2, project: must be a name/],
    [{ ...rule, project: null }, /^Rule 2, project: must be text/],
    [{ ...rule, actions: 'ingest' }, /^Rule 2, actions: must be a list\.$/],
    [{ ...rule, actions: [] }, /^Rule 2, actions: must have at least one/],
    [{ ...rule, actions: ['ingest', 'write'] }, /^Rule 2, actions\.1: must be one of ingest, read, admin\.$/],
  ];
  for (const [second, expected] of wrong)
    test(`are not taken with ${JSON.stringify(second)}`, () => {
      assert.match(refusal(JSON.stringify([rule, second])), expected);
    });

  for (const [text, expected] of [
    ['', /not JSON/],
    ['[', /not JSON/],
    ['[],"more":[]', /not JSON/],
    ['[{"match":{"sub":"a"},"match":{"sub":"*"},"organization":"a","actions":["read"]}]', /a key stands twice/],
    ['{}', /must be a JSON list/],
    ['[]', /empty/],
  ] as const)
    test(`are not ${JSON.stringify(text)}`, () => {
      assert.match(refusal(text), expected);
    });

  test('name their issuer where there are several', () => {
    assert.match(refusal(JSON.stringify([rule]), [own, 'https://two.example.org']), /^Rule 1, issuer: must be set/);
    const named = JSON.stringify([{ ...rule, issuer: own }]);
    assert.equal(refusal(named, [own, 'https://two.example.org']), 'no refusal');
  });

  test('keep a claim of any name', () => {
    const text = '[{"match":{"__proto__":"x","constructor":"y"},"organization":"a","actions":["read"]}]';
    const rules = parseRules(text, [own]);
    assert.equal(scopesOf(rules, own, {}).length, 0);
    assert.equal(scopesOf(rules, own, JSON.parse('{"__proto__":"x","constructor":"y"}') as object as never).length, 1);
  });
});

describe('rules for the issuer of all of GitHub', () => {
  const said = (match: unknown, issuers = [publicGithub]) => refusal(JSON.stringify([{ ...rule, match }]), issuers);
  const open: unknown[] = [
    { ref: 'refs/heads/main' },
    { repository: '*' },
    { repository: '*/shop' },
    { repository: 'acme*' },
    { repository: ['acme/shop', '*/shop'] },
    { repository_owner: '*' },
    { repository_owner: 'acme*' },
    { repository_id: '12*' },
    { sub: 'repo:*' },
    { sub: 'repo:acme*' },
    { sub: '*:ref:refs/heads/main' },
    { job_workflow_ref: 'acme/ci/.github/workflows/build.yml@refs/heads/main' },
    { actor: 'jo' },
    { workflow: 'acme/build' },
    { environment: 'acme/production' },
  ];
  for (const match of open)
    test(`do not leave open whose: ${JSON.stringify(match)}`, () => {
      assert.match(said(match), /^Rule 1, match: must say whose workflows/);
      assert.equal(said(match, ['https://github.example.org/_services/token']), 'no refusal');
    });

  for (const match of [
    { repository: 'acme/*' },
    { repository: ['acme/shop', 'acme/web-*'], ref: 'refs/heads/*' },
    { repository_owner: 'acme', repository: '*' },
    { repository_owner_id: '123' },
    { enterprise: 'acme' },
    { sub: 'repo:acme/shop:*' },
  ])
    test(`say whose: ${JSON.stringify(match)}`, () => {
      assert.equal(said(match), 'no refusal');
    });
});
