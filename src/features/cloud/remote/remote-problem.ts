import { isProblem, Problem } from '#kit/errors.ts';
import { outgoingFailure } from '#platform/outgoing/outgoing-failure.ts';

/** Of whatever went wrong on the way to the other side. What the signal was aborted for is thrown as it is; its time being up is no answer. */
export function remoteProblem(error: unknown, signal?: AbortSignal): Problem {
  if (signal?.aborted === true && !isTimeUp(signal.reason)) throw signal.reason;
  if (isProblem(error)) return error;
  const cause = outgoingFailure(error);
  const refused = cause.reason === 'address_refused' || cause.reason === 'insecure';
  return new Problem(refused ? 'connection_address_refused' : 'connection_failed', { cause });
}

/** Of an answer that is not the one hoped for. */
export function statusProblem(status: number): Problem {
  if (status === 401 || status === 403) return new Problem('connection_unauthorized');
  if (status === 404 || status === 410) return new Problem('remote_path_not_found');
  return new Problem('connection_failed', { cause: new Error(`the other side answered with status ${status}`) });
}

function isTimeUp(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === 'TimeoutError';
}
