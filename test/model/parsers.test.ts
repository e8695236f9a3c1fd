import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { sections } from '#compose/config.ts';
import { type ZipEntry, zip, zipSize } from '#features/incidents/bundles/zip-writer.ts';
import {
  baseName,
  blobPathOf,
  type ClaimText,
  fingerprintOf,
  parseClaim,
} from '#features/incidents/chunks/chunk-identity.ts';
import { bearerToken } from '#http/caller.ts';
import { parseIdempotencyKey } from '#http/idempotency-key.ts';
import { decodeCursor, encodeCursor } from '#http/paging.ts';
import { trustProxies } from '#http/peers.ts';
import { hashPeer } from '#http/rate-limits.ts';
import { parseReprDigest } from '#http/repr-digest.ts';
import { isProblem } from '#kit/errors.ts';
import { isId, newId } from '#kit/ids.ts';
import { formatDuration, isBefore, parseDuration, parseTimestamp, timestamp } from '#kit/time.ts';
import { isBlobPath } from '#platform/blobs/blob-store.ts';
import { parseAddress } from '#platform/process/setting.ts';
import { readZip } from '../http/support/zip.ts';
import { parametersOf } from './runs.ts';

const anyText = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', ' ', '\0', '\ud800', '__proto__', '../x'),
);

/** A Problem with a code is a refusal; anything else that is thrown is a defect. */
function codeOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    assert.ok(isProblem(error), String(error));
    return error.code;
  }
}

// From year 1 to 9998, so that no zone leaves four digits.
const instant = fc.integer({ min: Date.parse('0001-01-02T00:00:00Z'), max: Date.parse('9998-12-30T00:00:00Z') });
const two = (n: number) => String(n).padStart(2, '0');

test('a time in any zone is the same instant in UTC, and parsing it again changes nothing', (t) => {
  const zone = fc.tuple(fc.constantFrom('+', '-'), fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }));
  const fraction = fc.option(fc.stringMatching(/^\d{1,9}$/), { nil: '' });
  fc.assert(
    fc.property(instant, zone, fraction, fc.boolean(), (ms, [sign, hours, minutes], digits, lower) => {
      const whole = ms - (((ms % 1_000) + 1_000) % 1_000);
      const offset = (hours * 60 + minutes) * 60_000 * (sign === '+' ? 1 : -1);
      const local = new Date(whole + offset).toISOString().slice(0, 19);
      fc.pre(/^\d{4}-/.test(local));
      const text = `${local}${digits === '' ? '' : `.${digits}`}${sign}${two(hours)}:${two(minutes)}`;
      const parsed = parseTimestamp(lower ? text.toLowerCase() : text);
      assert.ok(parsed, text);
      assert.equal(parsed.slice(0, 19), new Date(whole).toISOString().slice(0, 19));
      assert.match(parsed, /\.\d{3,6}Z$/);
      assert.equal(parsed.slice(20, -1).padEnd(6, '0'), digits.slice(0, 6).padEnd(6, '0'));
      assert.equal(parseTimestamp(parsed), parsed);
    }),
    parametersOf(t, { runs: 500 }),
  );
});

test('times order as their instants do, and what is no time is undefined', (t) => {
  fc.assert(
    fc.property(instant, instant, (a, b) => assert.equal(isBefore(timestamp(a), timestamp(b)), a < b)),
    parametersOf(t, { runs: 300 }),
  );
  fc.assert(
    fc.property(anyText, (text) => {
      const parsed = parseTimestamp(text);
      if (parsed !== undefined) assert.equal(parseTimestamp(parsed), parsed);
    }),
  );
  for (const bad of [
    '2026-13-01T00:00:00Z',
    '2026-02-29T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:00:00+24:00',
    '2026-01-01T00:00:00.Z',
    '2026-01-01T00:00Z',
    '0000-01-01T00:00:00+01:00',
    '9999-12-31T23:59:59-01:00',
  ])
    assert.equal(parseTimestamp(bad), undefined, bad);
});

test('a duration is what its parts add up to, and is written as it is read', (t) => {
  const ms = fc.integer({ min: 0, max: 2 ** 45 });
  fc.assert(
    fc.property(ms, (value) => assert.equal(parseDuration(formatDuration(value)), value)),
    parametersOf(t, { runs: 300 }),
  );
  const sizes = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
  const part = fc.tuple(
    fc.integer({ min: 0, max: 10_000 }),
    fc.constantFrom('ms', 's', 'm', 'h', 'd') as fc.Arbitrary<keyof typeof sizes>,
  );
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
      const text = parts.map(([count, unit]) => `${count}${unit}`).join('');
      assert.equal(
        parseDuration(text),
        parts.reduce((sum, [count, unit]) => sum + count * sizes[unit], 0),
      );
    }),
  );
  for (const bad of ['', '5', '-5s', '5 s', '1.5h', '5S', 's', '5sm', `${'9'.repeat(20)}d`])
    assert.equal(parseDuration(bad), undefined, bad);
});

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes));

test('Repr-Digest gives back the hash that was put in, beside any other algorithms, and nothing for anything else', (t) => {
  const other = fc.constantFrom('sha-512=:AAAA:', 'md5=:AAAA:', 'x-sha-256=:AAAA:', 'unixsum=:AA==:');
  fc.assert(
    fc.property(hash, fc.array(other, { maxLength: 3 }), fc.array(other, { maxLength: 3 }), (bytes, before, after) => {
      const header = [...before, `sha-256=:${bytes.toString('base64')}:`, ...after].join(', ');
      assert.equal(parseReprDigest(header), bytes.toString('hex'));
    }),
    parametersOf(t, { runs: 300 }),
  );
  fc.assert(fc.property(anyText, (text) => assert.match(parseReprDigest(text) ?? '0'.repeat(64), /^[0-9a-f]{64}$/)));
});

test('a file name is one visible segment or nothing, and naming it twice changes nothing', (t) => {
  fc.assert(
    fc.property(fc.array(fc.oneof(anyText, fc.constantFrom('/', '\\', '..', '.', '\n', 'ä'))), (parts) => {
      const name = baseName(parts.join(''));
      if (name === null) return;
      assert.ok(name.length >= 1 && name.length <= 255 && name.isWellFormed());
      assert.doesNotMatch(name, /[/\\\p{Cc}]/u);
      assert.ok(name !== '.' && name !== '..');
      assert.equal(baseName(name), name);
    }),
    parametersOf(t, { runs: 1_000 }),
  );
});

const good = {
  media: fc.constantFrom('audio', 'video', 'location', 'metadata'),
  index: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
};

test('a good claim is kept as it is, and its blob has a name of the server alone', (t) => {
  fc.assert(
    fc.property(
      good.media,
      good.index,
      instant,
      fc.nat(1e9),
      hash,
      fc.boolean(),
      anyText,
      (mediaType, index, start, length, digest, streamed, name) => {
        const text: ClaimText = {
          streamId: streamed ? newId('str') : undefined,
          mediaType,
          chunkIndex: String(index),
          startedAt: timestamp(start),
          endedAt: timestamp(start + length),
          sha256Hex: digest.toString('hex'),
          originalFilename: name,
        };
        const claim = parseClaim(newId('inc'), text);
        assert.deepEqual([claim.mediaType, claim.chunkIndex, claim.sha256Hex], [mediaType, index, text.sha256Hex]);
        assert.ok(isBlobPath(blobPathOf(claim)), blobPathOf(claim));
        assert.equal(fingerprintOf(claim, 5), fingerprintOf({ ...claim }, 5));
        assert.notEqual(fingerprintOf(claim, 5), fingerprintOf(claim, 6));
        assert.notEqual(fingerprintOf(claim, 5), fingerprintOf({ ...claim, chunkIndex: index + 1 }, 5));
      },
    ),
    parametersOf(t, { runs: 300 }),
  );
});

test('any other claim is refused with a code of the contract, never with another error', (t) => {
  const value = fc.option(anyText, { nil: undefined });
  const record = {
    streamId: value,
    mediaType: value,
    chunkIndex: value,
    startedAt: value,
    endedAt: value,
    sha256Hex: value,
    originalFilename: value,
  };
  fc.assert(
    fc.property(fc.record(record), (text) => {
      const code = codeOf(() => parseClaim('inc_x', text));
      assert.match(code ?? '', /^invalid_(chunk_index|media_type|started_at|ended_at|time_range|sha256_hex)$/);
    }),
    parametersOf(t, { runs: 1_000 }),
  );
  fc.assert(
    fc.property(anyText, (text) => {
      const visible = /^[\x21-\x7e]{1,255}$/.test(text);
      assert.equal(
        codeOf(() => parseIdempotencyKey(text)),
        visible ? undefined : 'invalid_idempotency_key',
      );
    }),
  );
});

test('cursors come back as they went, and any other text is invalid_cursor', (t) => {
  const id = fc.constantFrom('inc', 'chk', 'acct').map((prefix) => newId(prefix as 'inc'));
  fc.assert(
    fc.property(id, (value) => assert.equal(decodeCursor(encodeCursor(value)), value)),
    parametersOf(t, { runs: 200 }),
  );
  fc.assert(
    fc.property(anyText, (text) => {
      const code = codeOf(() => assert.match(decodeCursor(text) ?? '', /^[A-Za-z0-9_-]{1,80}$/));
      assert.ok(code === undefined || code === 'invalid_cursor');
    }),
  );
});

test('ids are of their kind, sort by their time and do not repeat', (t) => {
  const time = fc.integer({ min: 0, max: 2 ** 48 - 1 });
  fc.assert(
    fc.property(time, time, (a, b) => {
      const [first, second] = [newId('chk', a), newId('chk', b)];
      assert.ok(isId('chk', first) && !isId('inc', first));
      assert.notEqual(first, second);
      if (a !== b) assert.equal(first < second, a < b);
    }),
    parametersOf(t, { runs: 300 }),
  );
});

test('an archive is read back as it was written, and is as long as was said before', async (t) => {
  const entry = fc.tuple(
    fc.stringMatching(/^[a-z0-9_]{1,20}$/),
    fc.uint8Array({ maxLength: 5_000 }),
    fc.integer({ min: 1, max: 900 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(entry, { maxLength: 8, selector: ([name]) => name }), instant, async (list, at) => {
      const entries = list.map(
        ([name, bytes, piece]): ZipEntry => ({
          name: `folder/${name}.enc`,
          byteSize: bytes.length,
          async *content() {
            for (let i = 0; i < bytes.length; i += piece) yield Buffer.from(bytes.subarray(i, i + piece));
          },
        }),
      );
      const pieces: Buffer[] = [];
      for await (const piece of zip(entries, new Date(at))) pieces.push(Buffer.from(piece));
      const archive = Buffer.concat(pieces);
      assert.equal(archive.length, zipSize(entries));
      const read = await readZip(archive);
      assert.deepEqual(
        read.map(({ name }) => name),
        entries.map(({ name }) => name),
      );
      read.forEach(({ bytes }, i) => {
        assert.ok(bytes.equals(Buffer.from(list[i]?.[1] ?? [])));
      });
    }),
    parametersOf(t, { runs: 60 }),
  );
});

test('more than 65535 entries, read back with a reader that is not ours', async () => {
  const count = 66_000;
  const entries = Array.from(
    { length: count },
    (_, i): ZipEntry => ({
      name: `chunks/video_${String(i + 1).padStart(6, '0')}.enc`,
      byteSize: 2,
      async *content() {
        yield Buffer.from([i & 255, (i >> 8) & 255]);
      },
    }),
  );
  const pieces: Buffer[] = [];
  for await (const piece of zip(entries, new Date(0))) pieces.push(piece);
  const archive = Buffer.concat(pieces);
  assert.equal(archive.length, zipSize(entries));
  const read = await readZip(archive, (name) => name.endsWith('5536.enc') || name.endsWith('000001.enc'));
  assert.equal(read.length, count);
  assert.deepEqual([read[0]?.name, read[count - 1]?.name], ['chunks/video_000001.enc', 'chunks/video_066000.enc']);
  assert.deepEqual([...(read[65_535]?.bytes ?? [])], [255, 255]);
});

test('an entry that is not of its stated size breaks the archive off', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.nat(50), fc.nat(50), async (said, real) => {
      fc.pre(said !== real);
      const entry: ZipEntry = {
        name: 'a',
        byteSize: said,
        async *content() {
          yield Buffer.alloc(real);
        },
      };
      await assert.rejects(async () => {
        for await (const _ of zip([entry], new Date()));
      });
    }),
    parametersOf(t, { runs: 50 }),
  );
});

test('no setting takes a value that it cannot name, and each takes its default', (t) => {
  const settings = Object.values(sections).flatMap((section) => Object.values(section));
  fc.assert(
    fc.property(fc.constantFrom(...settings), anyText, (setting, text) => {
      const value: unknown = setting.parse(text.trim());
      assert.ok(value === undefined || ['string', 'number', 'boolean', 'object'].includes(typeof value));
      assert.ok(typeof value !== 'number' || (Number.isSafeInteger(value) && value >= 0), `${setting.env}=${text}`);
      assert.notEqual(setting.parse(setting.default ?? ''), undefined, setting.env);
    }),
    parametersOf(t, { runs: 1_000 }),
  );
});

test('addresses are read as they are written', (t) => {
  const port = fc.integer({ min: 0, max: 65_535 });
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.domain()), port, (host, number) =>
      assert.deepEqual(parseAddress(`${host}:${number}`), { host, port: number }),
    ),
    parametersOf(t, { runs: 200 }),
  );
  fc.assert(
    fc.property(fc.ipV6(), port, (host, number) =>
      assert.deepEqual(parseAddress(`[${host}]:${number}`), { host, port: number }),
    ),
  );
  for (const bad of ['', ':', 'x', '1:2:3', '[::1]', '::1:80', 'a:65536', 'a:-1', 'a b:1', 'a:1 '])
    assert.equal(parseAddress(bad), undefined, bad);
});

test('a peer is one of its network however it is written, and headers never throw', (t) => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => assert.equal(hashPeer(address), hashPeer(`::ffff:${address}`))),
    parametersOf(t, { runs: 200 }),
  );
  const group = fc.integer({ min: 0, max: 0xffff }).map((n) => n.toString(16));
  fc.assert(
    fc.property(
      fc.array(group, { minLength: 4, maxLength: 4 }),
      fc.array(group, { minLength: 4, maxLength: 4 }),
      fc.array(group, { minLength: 4, maxLength: 4 }),
      (net, a, b) => assert.equal(hashPeer([...net, ...a].join(':')), hashPeer([...net, ...b].join(':'))),
    ),
  );
  const peers = trustProxies(['127.0.0.1', '10.0.0.0/8', 'fc00::/7']);
  fc.assert(
    fc.property(fc.array(fc.oneof(anyText, fc.ipV4(), fc.ipV6())), (hops) => {
      const incoming = { socket: { remoteAddress: '127.0.0.1' }, headers: { 'x-forwarded-for': hops.join(',') } };
      assert.equal(typeof peers.addressOf(incoming as never), 'string');
    }),
  );
  fc.assert(
    fc.property(anyText, (text) => assert.match(bearerToken(`Bearer ${text}`) ?? 'x', /^[A-Za-z0-9._~+/=-]+$/)),
  );
});

test('the fingerprint tells apart what differs anywhere', (t) => {
  const claim = fc.record({
    incidentId: fc.constantFrom('inc_a', 'inc_b'),
    streamId: fc.constantFrom(null, 'str_a'),
    mediaType: fc.constantFrom('audio' as const, 'video' as const),
    chunkIndex: fc.nat(2),
    startedAt: fc.constantFrom('a', 'b'),
    endedAt: fc.constantFrom('a', 'b'),
    originalFilename: fc.constantFrom(null, '', 'null', 'a'),
    sha256Hex: fc.constantFrom(createHash('sha256').digest('hex'), 'x'),
  });
  fc.assert(
    fc.property(claim, claim, (a, b) => {
      const same = JSON.stringify(a) === JSON.stringify(b);
      assert.equal(fingerprintOf(a, 1) === fingerprintOf(b, 1), same);
    }),
    parametersOf(t, { runs: 500 }),
  );
});
