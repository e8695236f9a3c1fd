import type { Defect } from './defects.ts';

const fanout = 'src/features/relay/fanout';
const model = { file: 'test/relay/window-model.test.ts', pattern: 'a window is what the plain model says' };
const withdrawn = {
  file: 'test/relay/reading-along.test.ts',
  pattern: 'what the core refuses, or gives no answer for',
};

/** Of a relay that shows chunks before they are confirmed. */
export const fanoutDefects: readonly Defect[] = [
  {
    name: 'a download goes on when its bytes are withdrawn',
    edits: [
      {
        file: `${fanout}/chunk-window.ts`,
        find: 'if (entry.inWindow) this.#releaseBytes(entry);\n    cut(entry);',
        replace: 'if (entry.inWindow) this.#releaseBytes(entry);',
      },
    ],
    test: withdrawn,
  },
  {
    name: 'what is withdrawn stays in the window as it was',
    edits: [
      {
        file: `${fanout}/chunk-window.ts`,
        find: "if (outcome !== 'confirmed') this.#withdraw(entry);",
        replace: '',
      },
      {
        file: `${fanout}/live.routes.ts`,
        find: "if (entry.state === 'rejected' || entry.state === 'failed') throw new Problem('chunk_withdrawn');",
        replace: '',
      },
    ],
    test: withdrawn,
  },
  {
    name: 'a reader is not told that what it missed is not known any more',
    edits: [
      {
        file: `${fanout}/chunk-window.ts`,
        find: 'this.#forgotten = Math.max(this.#forgotten, entry.changedBy);',
        replace: '',
      },
    ],
    test: model,
  },
  {
    name: 'bytes that left a window stay in staging',
    edits: [
      {
        file: `${fanout}/chunk-window.ts`,
        find: 'this.#bytes -= entry.chunk.byteSize;\n    entry.chunk.body.release();',
        replace: 'this.#bytes -= entry.chunk.byteSize;',
      },
    ],
    test: model,
  },
  {
    name: 'readers are authorised once and never again',
    edits: [{ file: `${fanout}/reader-rights.ts`, find: 'if (!this.#askingAgain && now', replace: 'if (false && now' }],
    test: { file: 'test/relay/reading-along.test.ts', pattern: 'what is revoked has ended within a second' },
  },
  {
    name: 'a core that hangs is waited for without an end',
    edits: [
      {
        file: `${fanout}/reader-rights.ts`,
        find: 'else if (now - grant.askedAtMs > graceMs)',
        replace: 'else if (!this.#askingAgain && now - grant.askedAtMs > graceMs)',
      },
    ],
    test: { file: `${fanout}/reader-rights.test.ts`, pattern: 'costs readers their right after ten seconds' },
  },
  {
    name: 'a reader that takes nothing is kept',
    edits: [
      { file: `${fanout}/live-reader.ts`, find: "> maxBehindMs) this.end('slow')", replace: '> maxBehindMs) return' },
    ],
    test: { file: `${fanout}/slow-connections.test.ts`, pattern: 'a reader that takes nothing for too long is let go' },
  },
];
