export type OutgoingReason =
  | 'address_refused' // it leads where nobody may be sent
  | 'insecure' // http, to a host that the operator did not allow
  | 'unknown_host'
  | 'no_answer'
  | 'timeout'
  | 'untrusted' // the certificate is not this host's, or nobody's whom we trust
  | 'too_large'
  | 'bad_answer'
  | 'too_many_redirects';

/** Why a request that went out came to nothing: in words of ours, without an address, a path or a header. Safe to log. */
export class OutgoingFailure extends Error {
  readonly reason: OutgoingReason;

  constructor(reason: OutgoingReason) {
    super(`outgoing request: ${reason}`);
    this.name = 'OutgoingFailure';
    this.reason = reason;
  }
}

const untrusted = /^(CERT_|ERR_TLS_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_SSL_|EPROTO)/;

/** Whatever the network threw. Its message is dropped here: it repeats addresses. */
export function outgoingFailure(error: unknown): OutgoingFailure {
  if (error instanceof OutgoingFailure) return error;
  if (!(error instanceof Error)) return new OutgoingFailure('no_answer');
  // Node's errors have a code, and wrap others; each is looked at before it is believed.
  const { cause, code, errors } = error as { cause?: unknown; code?: unknown; errors?: unknown };
  const inner = [cause, ...(Array.isArray(errors) ? errors : [])].find((one) => one instanceof OutgoingFailure);
  if (inner instanceof OutgoingFailure) return inner;
  const word = typeof code === 'string' ? code : '';
  if (word === 'ENOTFOUND' || word === 'EAI_AGAIN' || word === 'ENODATA') return new OutgoingFailure('unknown_host');
  if (word === 'ETIMEDOUT' || error.name === 'TimeoutError') return new OutgoingFailure('timeout');
  if (untrusted.test(word)) return new OutgoingFailure('untrusted');
  return new OutgoingFailure(word.startsWith('HPE_') ? 'bad_answer' : 'no_answer');
}
