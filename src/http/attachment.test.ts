import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { attachment } from './attachment.ts';

test('a plain name stands as it is; any other also for clients that know nothing but ASCII', () => {
  assert.equal(attachment('rent 2026.pdf'), 'attachment; filename="rent 2026.pdf"');
  assert.equal(
    attachment('Müller & Söhne "100%".pdf'),
    'attachment; filename="Muller & Sohne _100__.pdf"; filename*=UTF-8\'\'M%C3%BCller%20%26%20S%C3%B6hne%20%22100%25%22.pdf',
  );
  assert.equal(attachment('€.txt'), 'attachment; filename="_.txt"; filename*=UTF-8\'\'%E2%82%AC.txt');
});

test('whatever the name, the header is sound and gives it back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (name) => {
      const header = attachment(name);
      // token, quoted-string without anything to escape, and ext-value of RFC 8187 with its attr-char.
      const match =
        /^attachment; filename="([\x20\x21\x23-\x5b\x5d-\x7e]*)"(?:; filename\*=UTF-8''((?:[A-Za-z0-9!#$&+.^_`|~-]|%[0-9A-F]{2})*))?$/.exec(
          header,
        );
      assert.ok(match, header);
      assert.equal(match[2] === undefined ? match[1] : decodeURIComponent(match[2]), name);
    }),
  );
});
