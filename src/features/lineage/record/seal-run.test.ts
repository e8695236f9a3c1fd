import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isProblem } from '#kit/errors.ts';
import { impactOf } from './impact.ts';
import { readRunRequest } from './run-request.ts';
import { contentSha256Of, sealRun } from './seal-run.ts';
import { readStoredRun, resealStoredRun } from './stored-run.ts';

const receivedAt = '2026-01-02T03:04:05.678Z';
const names = { organization: 'Acme', project: 'Shop', service: 'API' };
const read = (value: unknown) =>
  readRunRequest(new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value)));

describe('the record of a run', () => {
  test('holds the JSON values as they came, and seals to the same bytes again', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.jsonValue({ maxDepth: 4 }).filter((value) => value !== null),
        fc.option(fc.jsonValue({ maxDepth: 4 }), { nil: undefined }),
        fc.option(fc.dictionary(fc.string(), fc.string()), { nil: undefined }),
        fc.constantFrom(undefined, 2),
        async (artifact, diff, metadata, indent) => {
          const text = JSON.stringify({ ...names, run_id: 'r1', artifact, diff, metadata }, undefined, indent);
          const request = { ...read(text), run_id: 'r1' };
          const sealed = await sealRun(request, receivedAt);
          assert.ok(text.includes(request.artifact));
          assert.equal(sealed.line.sha256, createHash('sha256').update(sealed.payload).digest('hex'));
          assert.equal(sealed.line.bytes, sealed.payload.length);
          const stored = readStoredRun(sealed.payload);
          assert.equal(stored.artifact, request.artifact);
          assert.deepEqual(await resealStoredRun(sealed.payload), sealed);
          const compact = {
            ...read(JSON.stringify({ ...names, run_id: 'r1', artifact, diff, metadata })),
            run_id: 'r1',
          };
          assert.equal(await contentSha256Of(compact), sealed.contentSha256);
        },
      ),
    );
  });

  test('is this text, byte for byte, on every platform', async () => {
    const { payload } = await sealRun(
      {
        ...read('{"artifact": {"b":1.50,"a":"\\u00e9é"},"service":"API","project":"Shop","organization":"Acme"}'),
        run_id: 'r1',
      },
      receivedAt,
    );
    assert.equal(
      new TextDecoder().decode(payload),
      '{"organization":"acme","project":"shop","service":"api","run_id":"r1","received_at":"2026-01-02T03:04:05.678Z","artifact":{"b":1.50,"a":"\\u00e9é"}}',
    );
  });

  test('one changed byte is found by sealing it again', async () => {
    const { payload } = await sealRun({ ...read({ ...names, artifact: { a: 'abcdefgh' } }), run_id: 'r1' }, receivedAt);
    const other = payload.slice();
    other[other.length - 5] = (other[other.length - 5] ?? 0) ^ 1;
    assert.notDeepEqual((await resealStoredRun(other)).line.sha256, (await resealStoredRun(payload)).line.sha256);
    await assert.rejects(resealStoredRun(payload.subarray(1)), (error) => isProblem(error, 'evidence_corrupt'));
    await assert.rejects(resealStoredRun(new Uint8Array([...payload, 0x20])), (error) =>
      isProblem(error, 'evidence_corrupt'),
    );
  });
});

describe('the request of a run', () => {
  for (const [what, value, code] of [
    ['no artifact', { ...names }, 'invalid_request'],
    ['an artifact that is null', { ...names, artifact: null }, 'invalid_request'],
    ['no service', { organization: 'a', project: 'b', artifact: 1 }, 'invalid_name'],
    ['a name without a letter', { ...names, project: '…', artifact: 1 }, 'invalid_name'],
    ['a name that is a number', { ...names, project: 1, artifact: 1 }, 'invalid_request'],
    ['an unknown field', { ...names, artifact: 1, extra: 1 }, 'invalid_json'],
    ['a prototype', '{"organization":"a","project":"b","service":"c","artifact":1,"__proto__":{}}', 'invalid_json'],
    ['a run id with a path', { ...names, artifact: 1, run_id: '../x' }, 'invalid_run_id'],
    ['a commit with a blank', { ...names, artifact: 1, commit_sha: 'a b' }, 'invalid_request'],
    ['a day that there is none of', { ...names, artifact: 1, generated_at: '2026-02-30T00:00:00Z' }, 'invalid_request'],
    [
      'a year beyond four digits',
      { ...names, artifact: 1, generated_at: '+012026-01-01T00:00:00Z' },
      'invalid_request',
    ],
    ['metadata that is no map of text', { ...names, artifact: 1, metadata: { a: 1 } }, 'invalid_request'],
    ['metadata that is a list', { ...names, artifact: 1, metadata: ['a'] }, 'invalid_request'],
  ] as const)
    test(`${what}: ${code}`, () => {
      assert.throws(
        () => read(value),
        (error) => isProblem(error, code),
      );
    });

  test('what is null or empty counts as absent', () => {
    const request = read({ ...names, artifact: 0, run_id: '', commit_sha: null, diff: null, metadata: null });
    assert.deepEqual(request, { organization: 'acme', project: 'shop', service: 'api', artifact: '0' });
  });
});

test('whom changes touch is what the summary says, else the diff, else nobody knows', () => {
  for (const [diff, summary, expected] of [
    [undefined, '{"impact":"downstream"}', 'none'],
    ['{}', '{"impact":"downstream"}', 'none'],
    ['[]', undefined, 'none'],
    ['{"a":1}', undefined, 'unknown'],
    ['{"a":1,"impact":"self_only"}', undefined, 'self_only'],
    ['{"a":1,"impact":"self_only"}', '{"impact":"downstream"}', 'downstream'],
    ['{"a":1,"impact":"everyone"}', '"text"', 'unknown'],
    ['[1]', '[]', 'unknown'],
  ] as const)
    assert.equal(
      impactOf({ ...(diff === undefined ? {} : { diff }), ...(summary === undefined ? {} : { summary }) }),
      expected,
      diff,
    );
});
