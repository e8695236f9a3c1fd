import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PutSigner } from './sign-put.ts';

const keys = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' };
const put = {
  host: 'examplebucket.s3.amazonaws.com',
  path: '/test%24file.text',
  sha256Hex: '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
  at: new Date('2013-05-24T00:00:00Z'),
  headers: { date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' },
};

test('a PUT is signed as in the example of the Amazon S3 documentation', () => {
  const signer = new PutSigner('us-east-1');
  for (let i = 0; i < 2; i++) {
    const { authorization } = signer.sign(put, keys);
    assert.match(authorization ?? '', /Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd$/);
  }
});

test('another day, other keys or a token make another signature', () => {
  const signer = new PutSigner('us-east-1');
  const signatures = [
    signer.sign(put, keys),
    signer.sign({ ...put, at: new Date('2013-05-25T00:00:00Z') }, keys),
    signer.sign(put, { ...keys, secretAccessKey: 'another' }),
    signer.sign(put, { ...keys, sessionToken: 'lent' }),
  ].map(({ authorization }) => authorization);
  assert.equal(new Set(signatures).size, 4);
  assert.match(signatures[3] ?? '', /x-amz-security-token/);
});
