import type { Defect } from './defects.ts';

const relay = 'src/features/relay';
const way = `${relay}/upload/relay-chunk.ts`;
const verdict = `${relay}/core/core-verdict.ts`;
const faults = (pattern: string) => ({ file: 'test/relay/core-faults.test.ts', pattern });
const chunk = (pattern: string) => ({ file: 'test/relay/relay-chunk.test.ts', pattern });

/** Of a relay on the way to the core. */
export const relayDefects: readonly Defect[] = [
  {
    name: 'a relay forwards bytes with another hash than was said',
    edits: [
      { file: way, find: "if (staged.sha256Hex !== chunk.sha256Hex) throw new Problem('hash_mismatch');", replace: '' },
    ],
    test: faults('other bytes than the hash says'),
  },
  {
    name: 'a relay takes any yes for the one that it asked for',
    edits: [
      {
        file: `${relay}/core/core-client.ts`,
        find: "if (!same) throw unavailable('a yes to another chunk');",
        replace: '',
      },
    ],
    test: faults('a core that confirms another chunk has confirmed none'),
  },
  {
    name: "the relay's own trouble is told as the client's",
    edits: [
      {
        file: verdict,
        find: 'if (relaysOwn.includes(body.error.code)) throw unavailable(body.error.code);',
        replace: '',
      },
    ],
    test: faults('that it does not know the relay to the preflight'),
  },
  {
    name: 'a full disk counts against a client',
    edits: [{ file: verdict, find: "507: 'none'", replace: "507: 'denial'" }],
    test: faults("the core's 507 is the client's answer"),
  },
  {
    name: 'denials are not remembered',
    edits: [{ file: way, find: 'await feedback.note(client, refusal.feedback);', replace: '' }],
    test: faults("the core's 401, three times"),
  },
  {
    name: 'those who read along are told of a refusal as if the core had it',
    edits: [
      {
        file: way,
        find: 'if (refusal === undefined) entry?.confirmed();',
        replace: 'if (refusal?.status !== 500) entry?.confirmed();',
      },
    ],
    test: chunk('a place that is taken'),
  },
  {
    name: 'those who read along never hear of a chunk that got no answer',
    edits: [{ file: way, find: 'entry?.failed();\n    throw error;', replace: 'throw error;' }],
    test: chunk('no answer'),
  },
  {
    name: 'the last release of staged bytes is one too early',
    edits: [
      {
        file: `${relay}/staging/staged-body.ts`,
        find: 'if (this.#holds > 0) return;',
        replace: 'if (this.#holds > 1) return;',
      },
    ],
    test: chunk('a reader may hold the bytes past the answer'),
  },
  {
    name: 'the place of an upload is not given back',
    edits: [{ file: way, find: 'leave();\n  }', replace: '}' }],
    test: chunk('a stream that may not be read along'),
  },
  {
    name: 'a disk promises the same room twice',
    edits: [
      { file: `${relay}/staging/disk-room.ts`, find: 'if (free - this.#promised < bytes', replace: 'if (free < bytes' },
    ],
    test: { file: 'test/relay/full-disk.test.ts', pattern: 'a disk that is full refuses before the body' },
  },
];
