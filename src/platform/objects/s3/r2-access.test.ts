import assert from 'node:assert/strict';
import { test } from 'node:test';
import { r2Access } from './r2-access.ts';

test('R2 is an S3 store at the address of its account', () => {
  const keys = { accessKeyId: 'id', secretAccessKey: 'secret' };
  assert.deepEqual(r2Access({ accountId: 'a'.repeat(32), ...keys }), {
    endpoint: `https://${'a'.repeat(32)}.r2.cloudflarestorage.com`,
    region: 'auto',
    forcePathStyle: true,
    keys,
  });
  assert.equal(
    r2Access({ accountId: 'b', jurisdiction: 'eu', ...keys }).endpoint,
    'https://b.eu.r2.cloudflarestorage.com',
  );
});
