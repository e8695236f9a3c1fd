import { ProoflineApiError, ProoflineNetworkError } from '#client/api/api-error.ts';
import { isProblem } from '#kit/errors.ts';
import { showName } from './show-name.ts';

/** As sysexits.h has them: 65 wrong data, 66 no input, 69 unavailable, 73 cannot create, 76 protocol, 77 not allowed. */
const exitCodeOf = { refused: 1, usage: 2, data: 65, no_input: 66, away: 69, in_the_way: 73, answer: 76, no_token: 77 };
export type FailureKind = keyof typeof exitCodeOf;

export const exitCodesHelp = `
Exit codes: 0 done; 1 the server refused, or something is not as it should be; 2 wrong options; 65 a file is not JSON, or a value
is one that no server takes; 66 no such file; 69 the server could not be reached in time; 73 something else is in the way;
76 the answer is not one of Proofline; 77 no token, or one that may not do this.`;

/** What whoever wrote the command line or the pipeline can mend: what is wrong, and what to do next. */
export class CommandFailure extends Error {
  readonly kind: FailureKind;
  readonly remedy: string;

  constructor(kind: FailureKind, message: string, remedy: string, options?: { cause: unknown }) {
    super(message, options);
    this.name = 'CommandFailure';
    this.kind = kind;
    this.remedy = remedy;
  }
}

/** Runs a command and says what went wrong; `work` gives the exit code. Never prints a cause: it may hold what was sent. */
export async function runCommand(name: string, json: boolean, work: () => Promise<number>): Promise<void> {
  // Who reads no further, as `head`, has what it wanted.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
  try {
    process.exitCode = await work();
  } catch (error) {
    const { code, kind, message, remedy } = explained(error);
    process.exitCode = exitCodeOf[kind];
    if (json)
      process.stdout.write(
        `${JSON.stringify({ event: 'failed', code, message, remedy, exit_code: exitCodeOf[kind] })}\n`,
      );
    else process.stderr.write(`proofline ${name}: ${showName(message)} (${showName(code)})\n  ${remedy}\n`);
  }
}

interface Explained {
  kind: FailureKind;
  code: string;
  message: string;
  remedy: string;
}

/** Throws what is a defect of ours. */
function explained(error: unknown): Explained {
  if (error instanceof CommandFailure)
    return { kind: error.kind, code: error.kind, message: error.message, remedy: error.remedy };
  if (error instanceof ProoflineApiError) return { ...ofStatus(error), code: error.code, message: error.message };
  if (error instanceof ProoflineNetworkError)
    return error.reason === 'answer'
      ? { kind: 'answer', code: error.reason, message: error.message, remedy: 'Look what stands at the address given.' }
      : { kind: 'away', code: error.reason, message: error.message, remedy: away };
  if (isProblem(error))
    return {
      kind: 'data',
      code: error.code,
      message: error.message,
      remedy: 'Nothing was sent. Mend it, and try again.',
    };
  if (error instanceof TypeError && error.message.startsWith('The server address'))
    return { kind: 'usage', code: 'usage', message: error.message, remedy: 'See --url.' };
  throw error;
}

const away = 'Is the address right, and does the server run? The same command may be given again at any time.';

const remedies: Record<string, string> = {
  run_conflict: 'A run is kept for ever as it came. Give what is new under a run id of its own (--run-id).',
  request_too_large: 'Make the files smaller, or raise what the server takes.',
};

function ofStatus({ code, status }: ProoflineApiError): Pick<Explained, 'kind' | 'remedy'> {
  if (status === 401)
    return {
      kind: 'no_token',
      remedy: 'The server does not know the token: it is wrong, expired, or for another audience.',
    };
  if (status === 403)
    return {
      kind: 'no_token',
      remedy: "No rule of the server lets this token do that; ask who keeps the server's rules.",
    };
  if (status === 429 || status >= 500) return { kind: 'away', remedy: away };
  return { kind: 'refused', remedy: remedies[code] ?? 'Trying again will not help.' };
}
