import type { Fetch } from '#client/index.ts';

/** A network that works, and loses one answer when told to: the server has the chunk, and the client cannot know. */
export function loseOneAnswer(): { fetch: Fetch; loseNext: () => void } {
  let lose = false;
  return {
    loseNext: () => {
      lose = true;
    },
    fetch: async (input, init) => {
      const answer = await fetch(input, init);
      if (!lose) return answer;
      lose = false;
      await answer.arrayBuffer();
      throw new TypeError('The network was cut before the answer came.');
    },
  };
}
