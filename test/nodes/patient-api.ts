import { type Answer, type Api, api } from '../support/api.ts';

/** Every attempt of every request: how long it took, and what no server may ever answer. */
export interface Attempts {
  ms: number[];
  /** In words; empty is the only good outcome. */
  violations: string[];
}

/** What the design demands of every request, whatever is broken behind it. */
export const answeredWithinMs = 30_000;
const patienceMs = 120_000;

/**
 * A client as it should be: an attempt whose connection broke, or that was told to come back, is repeated at the next node under the
 * same idempotency key, until it is answered.
 */
export function patientApi(urls: () => readonly string[], token: string, attempts: Attempts): Api {
  let next = 0;
  const insist = async (what: string, ask: (as: Api) => Promise<Answer>): Promise<Answer> => {
    const until = performance.now() + patienceMs;
    for (;;) {
      const nodes = urls();
      const url = nodes[next++ % nodes.length] ?? '';
      const answer = await timed(what, attempts, ask(api(url, token)));
      if (answer !== undefined && !comesBack(answer)) {
        if (answer.status >= 500) attempts.violations.push(`${what} was answered ${answer.status}`);
        return answer;
      }
      if (performance.now() > until) {
        attempts.violations.push(`${what} came to no end in ${patienceMs} ms, at last ${told(answer)}`);
        throw new Error('gone');
      }
      await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 150));
    }
  };
  return {
    url: '',
    token,
    call: (method, path, body, headers) => insist(`${method} ${path}`, (as) => as.call(method, path, body, headers)),
    putChunk: (incidentId, streamId, index, bytes, options) =>
      insist(`PUT ${incidentId}/${index}`, (as) => as.putChunk(incidentId, streamId, index, bytes, options)),
  };
}

/** Undefined when the connection broke. */
async function timed(what: string, attempts: Attempts, answer: Promise<Answer>): Promise<Answer | undefined> {
  const began = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), answeredWithinMs + 5_000);
  });
  const outcome = await Promise.race([answer.catch(() => undefined), late]);
  clearTimeout(timer);
  const ms = performance.now() - began;
  attempts.ms.push(ms);
  if (ms > answeredWithinMs)
    attempts.violations.push(
      `${what} took ${Math.round(ms)} ms, ${outcome === 'late' ? 'and no answer' : told(outcome)}`,
    );
  return outcome === 'late' ? undefined : outcome;
}

const comesBack = ({ status, body }: Answer) =>
  status === 503 || (status === 409 && body?.error?.code === 'upload_in_progress');

function told(answer: Answer | undefined): string {
  return answer === undefined ? 'no connection' : `${answer.status} ${answer.body?.error?.code ?? ''}`;
}
