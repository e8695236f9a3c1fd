/** Bundles of capture groups, bent in every way there is. A long run: PROOFLINE_MODEL_FACTOR; a seed again: PROOFLINE_MODEL_SEED. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type BundleFailureCode, verifyBundle } from '#client/index.ts';
import { confirmedChunks } from '#kit/evidence/bundle/group-facts.ts';
import { type GroupManifest, groupManifest } from '#kit/evidence/bundle/group-manifest.ts';
import { resolveEvidence } from '#kit/evidence/resolve-evidence.ts';
import { parametersOf } from '../model/runs.ts';
import { type Files, filesOf, type Recording, recordings, sha256, sourceOf } from './support/group-bundles.ts';

const codesOf = async (files: Files, root?: string) => {
  const { ok, failures } = await verifyBundle(sourceOf(files), { root });
  assert.equal(ok, failures.length === 0);
  return [...new Set(failures.map(({ code }) => code))];
};
const rootOf = (files: Files) => sha256(files[0]?.[1] ?? '');
const whole = ({ facts, content }: Recording) => filesOf(groupManifest(facts), content);
const pick = <T>(list: readonly T[], by: number): T => {
  const found = list[by % list.length];
  assert.ok(found !== undefined);
  return found;
};

test('what the server makes verifies, and what it says is chosen is what the rules choose', async (t) => {
  await fc.assert(
    fc.asyncProperty(recordings, async (recording) => {
      const files = whole(recording);
      const report = await verifyBundle(sourceOf(files), { root: rootOf(files) });
      assert.deepEqual(report.failures, []);
      const { segments } = resolveEvidence(confirmedChunks(recording.facts));
      assert.equal(report.group?.segments, segments.length);
      const fallback = segments.filter(({ chosen }) => ['live_preview', 'audio_priority'].includes(chosen.role));
      assert.equal((report.group?.fallback.length ?? 0) > 0, fallback.length > 0);
      assert.equal(
        Object.values(report.group?.chosen ?? {}).reduce((sum, count) => sum + count, 0),
        segments.length,
      );
    }),
    parametersOf(t, { runs: 300 }),
  );
});

/** Of the archive alone: nobody made the sums fit. Undefined where it would change nothing. */
const bends: Record<string, (files: Files, a: number, b: number) => Files | undefined> = {
  'flip a byte': (files, a, b) =>
    files.map(([name, bytes], place) => {
      const copy = bytes.slice();
      if (place === a % files.length) copy[b % copy.length] = (copy[b % copy.length] ?? 0) ^ (1 + (b % 255));
      return [name, copy];
    }),
  'drop an entry': (files, a) => files.filter((_, place) => place !== a % files.length),
  'add an entry': (files, a, b) =>
    files.toSpliced(a % (files.length + 1), 0, [
      pick(['streams/str_1/chunks/video_000099.enc', '../x', 'manifest.json ', '', '/etc/passwd', 'streams/'], b),
      new Uint8Array(b % 7),
    ]),
  'double an entry': (files, a, b) => files.toSpliced(b % (files.length + 1), 0, pick(files, a)),
  'change the order': (files, a, b) => {
    const [from, to] = [a % files.length, b % files.length];
    return from === to ? undefined : files.toSpliced(from, 1).toSpliced(to, 0, pick(files, from));
  },
  'swap two files': (files, a, b) => {
    const [one, other] = [2 + (a % (files.length - 2)), 2 + (b % (files.length - 2))];
    if (one === other) return undefined;
    return files.map(([name, bytes], place) => [
      name,
      place === one ? pick(files, other)[1] : place === other ? pick(files, one)[1] : bytes,
    ]);
  },
  rename: (files, a) => files.map(([name, bytes], place) => [place === a % files.length ? `${name}x` : name, bytes]),
  'cut short': (files, a) =>
    files.map(([name, bytes], place) => [name, place === a % files.length ? bytes.slice(0, -1) : bytes]),
  'make longer': (files, a) =>
    files.map(([name, bytes], place) => [name, place === a % files.length ? Uint8Array.of(...bytes, 10) : bytes]),
};

for (const [name, bend] of Object.entries(bends))
  test(`found, whatever it hits: ${name}`, async (t) => {
    await fc.assert(
      fc.asyncProperty(recordings, fc.nat(), fc.nat(), async (recording, a, b) => {
        const bent = bend(whole(recording), a, b);
        fc.pre(bent !== undefined);
        if (bent !== undefined) assert.notDeepEqual(await codesOf(bent), []);
      }),
      parametersOf(t, { runs: 200 }),
    );
  });

// JSON of the manifest, to be written in.
// biome-ignore lint/suspicious/noExplicitAny: every shape is tried
type Open = any;

/** Of the manifest, with sums and entries made to fit by whoever did it; and what finds it without the root. */
const lies: Record<string, [tell: (manifest: Open, a: number, b: number) => boolean, found: BundleFailureCode[]]> = {
  'another chosen chunk': [
    ({ resolution, chunks }, a, b) => {
      const segment = pick<Open>(resolution.segments, a);
      const other = pick<Open>(chunks, b).chunk_id;
      const changes = segment.chosen !== other;
      segment.chosen = other;
      return changes;
    },
    ['resolution_differs'],
  ],
  'another range': [
    ({ chunks }, a) => {
      pick<Open>(chunks, a).source_ended_at = '2026-01-02T03:30:00.000Z';
      return true;
    },
    ['resolution_differs', 'segment_conflict'],
  ],
  'another range of the segment': [
    ({ resolution }, a) => {
      pick<Open>(resolution.segments, a).source_started_at = '2026-01-02T02:00:00.000Z';
      return true;
    },
    ['resolution_differs'],
  ],
  'another policy version': [
    ({ resolution }, a) => {
      resolution.policy_version = 2 + (a % 5);
      return true;
    },
    ['policy_unknown'],
  ],
  'a segment twice': [
    ({ resolution }, a) => {
      resolution.segments.push(pick(resolution.segments, a));
      return true;
    },
    ['resolution_differs'],
  ],
  'a chunk twice': [
    ({ chunks }, a) => {
      chunks.push(pick(chunks, a));
      return true;
    },
    ['row_duplicate'],
  ],
  'a chunk less': [
    ({ chunks }, a) => {
      chunks.splice(a % chunks.length, 1);
      return true;
    },
    ['resolution_differs'],
  ],
  'a stream less': [
    ({ variants, chunks }, a) => {
      const [gone] = variants.splice(a % variants.length, 1);
      return chunks.some((chunk: Open) => chunk.stream_id === gone.stream_id);
    },
    ['stream_unknown'],
  ],
  'bytes that are left out': [
    ({ chunks }, a) => {
      const chunk = pick<Open>(chunks, a);
      chunk.included = !chunk.included;
      return true;
    },
    ['manifest_differs'],
  ],
  'nothing is missing': [
    (manifest) => {
      const { fallback, master_missing: missing } = manifest.coverage;
      manifest.coverage = { ...manifest.coverage, fallback: [], master_missing: [] };
      return fallback.length + missing.length > 0;
    },
    ['manifest_differs'],
  ],
  'a role that its media cannot have': [
    ({ variants }, a) => {
      const variant = pick<Open>(variants, a);
      variant.variant_role = variant.variant_role === 'metadata_context' ? 'live_preview' : 'metadata_context';
      return true;
    },
    ['variant_invalid'],
  ],
  'a member more': [
    (manifest, a) => {
      pick<Open>(
        [manifest, manifest.incident, pick(manifest.chunks, a), manifest.resolution, manifest.coverage],
        a,
      ).note = 1;
      return true;
    },
    ['manifest_differs', 'resolution_differs'],
  ],
};

for (const [name, [tell, found]] of Object.entries(lies))
  test(`found, even where the sums were made to fit: ${name}`, async (t) => {
    await fc.assert(
      fc.asyncProperty(recordings, fc.nat(), fc.nat(), async ({ facts, content }, a, b) => {
        const manifest: Open = JSON.parse(JSON.stringify(groupManifest(facts)));
        fc.pre(tell(manifest, a, b));
        const codes = await codesOf(filesOf(manifest, content));
        assert.ok(
          codes.some((code) => found.includes(code)),
          `${codes}`,
        );
      }),
      parametersOf(t, { runs: 100 }),
    );
  });

const values = ['evidence_master', 'live_preview', 'audio', 'complete', 'canonical', 'seg:0', 'str_0', 'chk_0_0', 'x'];
const others = [...values, '2026-01-02T03:05:00.000Z', 'a'.repeat(64), 0, 1, 7, true, null, [], {}];

test('a member changed anywhere, with fitting sums: found, or it is what follows from other rows, and the root finds it', async (t) => {
  let consistent = 0;
  await fc.assert(
    fc.asyncProperty(recordings, fc.nat(), fc.constantFrom(...others), async ({ facts, content }, where, value) => {
      const right = filesOf(groupManifest(facts), content);
      const manifest: Open = JSON.parse(JSON.stringify(groupManifest(facts)));
      const [holder, member] = pick(leavesOf(manifest), where);
      fc.pre(JSON.stringify(holder[member]) !== JSON.stringify(value));
      holder[member] = value;
      const files = attempt(() => filesOf(manifest, content));
      if (files === undefined) return;
      const codes = await codesOf(files);
      if (codes.length === 0) {
        consistent += 1;
        const changed: GroupManifest = manifest;
        const again = groupManifest({ ...changed, group: changed.capture_group });
        assert.deepEqual(JSON.parse(JSON.stringify(again)), manifest);
      }
      assert.ok((await codesOf(files, rootOf(right))).includes('root_differs'));
    }),
    parametersOf(t, { runs: 1_000 }),
  );
  t.diagnostic(`${consistent} told of other rows`);
});

/** A manifest so bent that not even a liar could write its sums. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    assert.ok(error instanceof TypeError);
    return undefined;
  }
}

function leavesOf(value: Open): [holder: Open, member: string | number][] {
  return Object.entries(value).flatMap(([member, inner]) =>
    typeof inner === 'object' && inner !== null && Object.keys(inner).length > 0
      ? leavesOf(inner)
      : [[value, member] satisfies [Open, string]],
  );
}
