import type { Problem } from '#kit/errors.ts';

/** What a person reads in place of what a link would show. */
export function noticeOf(problem: Problem): { title: string; paragraphs: readonly string[] } {
  if (problem.kind === 'not_found')
    return {
      title: 'This link does not work',
      paragraphs: [
        'It may have expired, been withdrawn or been used up, or a part of the address got lost on the way to you.',
        'Check that you opened the whole address. If you did, ask the person who sent it for a new link.',
      ],
    };
  if (problem.kind === 'rate_limited')
    return {
      title: 'Too many tries at once',
      paragraphs: [
        `This was asked for too often from your network. Wait ${problem.retryAfterSeconds ?? 60} seconds, then try again.`,
      ],
    };
  return {
    title: 'The page cannot be shown right now',
    paragraphs: ['Something on the server is in the way. Wait a moment, then reload the page.'],
  };
}
