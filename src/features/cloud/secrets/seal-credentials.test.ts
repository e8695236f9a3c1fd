import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProblem } from '#kit/errors.ts';
import { openCredentials, sealCredentials } from './seal-credentials.ts';
import { SecretKey, SecretKeys } from './secret-keys.ts';

const [first, second] = ['canary-first-secret-key-0123456789abcdef', 'canary-second-secret-key-0123456789abcdef'];
const place = { id: 'con_1', owner_account_id: 'acct_1', kind: 'webdav', endpoint: 'https://cloud.example/dav' };
const credentials = { username: 'ada', password: 'canary-password' };
const keys = new SecretKeys({ secretKey: first, secretKeysOld: [] });
const key = new SecretKey(first);
const isMissing = (error: unknown) => isProblem(error, 'secret_key_missing');

test('what was sealed comes back, and is never twice the same', () => {
  const sealed = sealCredentials(key, place, credentials);
  assert.deepEqual(openCredentials(keys, { ...place, ...sealed }), credentials);
  assert.notEqual(sealCredentials(key, place, credentials).sealed_credentials, sealed.sealed_credentials);
  assert.ok(!JSON.stringify(sealed).includes('canary'));
  assert.match(sealed.key_id, /^[0-9a-f]{16}$/);
});

test('it opens for its own account, connection, kind and address alone', () => {
  const sealed = sealCredentials(key, place, credentials);
  for (const other of [
    { id: 'con_2' },
    { owner_account_id: 'acct_2' },
    { kind: 's3' },
    { endpoint: 'https://evil.example/dav' },
  ])
    assert.throws(
      () => openCredentials(keys, { ...place, ...sealed, ...other }),
      /not what was sealed/,
      Object.keys(other)[0],
    );
});

test('a changed byte is noticed, wherever it is', () => {
  const { key_id, sealed_credentials } = sealCredentials(key, place, credentials);
  const [version, ...parts] = sealed_credentials.split('.');
  for (const [i, part] of parts.entries()) {
    const bytes = Buffer.from(part, 'base64url');
    bytes[0] = (bytes[0] ?? 0) ^ 1;
    const bent = [version, ...parts.with(i, bytes.toString('base64url'))].join('.');
    assert.throws(() => openCredentials(keys, { ...place, key_id, sealed_credentials: bent }), /not what was sealed/);
  }
  for (const bent of ['', 'v1', 'v1...', 'v2.a.b.c', sealed_credentials.slice(0, -4)])
    assert.throws(
      () => openCredentials(keys, { ...place, key_id, sealed_credentials: bent }),
      /not what was sealed/,
      bent,
    );
});

test('several keys are read, one is sealed with; none and an unknown one are told', () => {
  const sealed = sealCredentials(key, place, credentials);
  const both = new SecretKeys({
    secretKey: second,
    secretKeysOld: [first, 'another-old-secret-key-0123456789abcdef'],
  });
  assert.deepEqual(openCredentials(both, { ...place, ...sealed }), credentials);
  assert.notEqual(both.current?.id, sealed.key_id);
  const others = new SecretKeys({ secretKey: second, secretKeysOld: [] });
  assert.throws(() => openCredentials(others, { ...place, ...sealed }), isMissing);
  const none = new SecretKeys({ secretKey: '', secretKeysOld: [] });
  assert.throws(() => sealCredentials(none.current, place, credentials), isMissing);
});
