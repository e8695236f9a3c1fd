import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from '#compose/config.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import { type CoordinationConfig, coordinationSettings } from '../coordination.config.ts';
import { parseRedisUrl, valkeyAddress } from './valkey-address.ts';

const config = (given: Record<string, string>): CoordinationConfig =>
  Object.fromEntries(
    Object.entries(coordinationSettings).map(([name, setting]) => {
      const value = setting.parse(given[setting.env] ?? setting.default ?? '');
      assert.notEqual(value, undefined, setting.env);
      return [name, value];
    }),
  ) as CoordinationConfig; // each value comes from its own setting

const refused = (given: Record<string, string>): StartupError => {
  try {
    valkeyAddress(config({ SAFE_COORDINATION_BACKEND: 'valkey', ...given }));
  } catch (error) {
    assert.ok(error instanceof StartupError);
    return error;
  }
  throw new assert.AssertionError({ message: 'accepted' });
};

const url = 'rediss://ada:p%40ss@valkey.example:7000/3';
const whole = { host: 'valkey.example', port: 7000, username: 'ada', password: 'p@ss', database: 3, tls: true };

test('a URL says everything', () => {
  assert.deepEqual(parseRedisUrl(url), whole);
  assert.deepEqual(parseRedisUrl('redis://h'), {
    host: 'h',
    port: 6379,
    username: '',
    password: '',
    database: 0,
    tls: false,
  });
  assert.equal(parseRedisUrl('redis://:secret@[::1]:1/')?.host, '::1');
  for (const bad of [
    'http://h',
    'redis://',
    'h:6379',
    'redis://h/x',
    'redis://h/1/2',
    'redis://h:0',
    'redis://h?db=2',
    'redis://a%zz@h',
  ])
    assert.equal(parseRedisUrl(bad), undefined, bad);
});

test('the single settings say the same, and both together when they agree', () => {
  const single = {
    SAFE_VALKEY_ADDR: 'valkey.example:7000',
    SAFE_VALKEY_USERNAME: 'ada',
    SAFE_VALKEY_PASSWORD: 'p@ss',
    SAFE_VALKEY_DB: '3',
    SAFE_VALKEY_TLS: 'true',
  };
  assert.deepEqual(valkeyAddress(config(single)), whole);
  assert.deepEqual(valkeyAddress(config({ SAFE_VALKEY_URL: url })), whole);
  assert.deepEqual(valkeyAddress(config({ ...single, SAFE_VALKEY_URL: url })), whole);
  assert.deepEqual(valkeyAddress(config({ SAFE_VALKEY_ADDR: '10.0.0.7:6379' })), {
    host: '10.0.0.7',
    port: 6379,
    username: '',
    password: '',
    database: 0,
    tls: false,
  });
});

test('what is missing or disagrees is told by name and never by value', () => {
  const missing = refused({});
  assert.match(missing.message, /SAFE_VALKEY_ADDR is not set/);
  assert.match(missing.remedy, /REDIS_URL/);
  assert.match(
    refused({ SAFE_VALKEY_ADDR: 'h:1', SAFE_VALKEY_USERNAME: 'ada' }).message,
    /SAFE_VALKEY_PASSWORD is not/,
  );
  for (const [name, value] of [
    ['SAFE_VALKEY_ADDR', 'valkey.example:7001'],
    ['SAFE_VALKEY_USERNAME', 'canary'],
    ['SAFE_VALKEY_PASSWORD', 'canary'],
    ['SAFE_VALKEY_DB', '0'],
    ['SAFE_VALKEY_TLS', 'false'],
  ] as const) {
    const error = refused({ SAFE_VALKEY_URL: url, [name]: value });
    assert.ok(error.message.startsWith(`${name} and SAFE_VALKEY_URL (or REDIS_URL)`), error.message);
    assert.doesNotMatch(`${error.message}${error.remedy}`, /canary|p@ss|p%40ss|7000|7001|example/);
  }
});

test('REDIS_URL of another program means nothing to a node that is alone', () => {
  const broken = { REDIS_URL: 'unix:/run/of/another' };
  assert.equal(loadConfig({ environment: broken }).config.coordination.url, '');
  const { config: used } = loadConfig({ environment: { REDIS_URL: url, SAFE_COORDINATION_BACKEND: 'redis' } });
  assert.deepEqual(valkeyAddress(used.coordination), whole);
  assert.throws(() => loadConfig({ environment: { ...broken, SAFE_COORDINATION_BACKEND: 'redis' } }), StartupError);
});
