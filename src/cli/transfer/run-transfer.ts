import type { Tell } from '#compose/transfer/transfer-events.ts';
import { TransferFailure, type TransferFailureKind } from '#compose/transfer/transfer-failure.ts';
import { isProblem } from '#kit/errors.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import { transferReporter } from './transfer-reporter.ts';

/** As sysexits.h has them where it has one: 66 no input, 73 cannot create, 74 input or output, 75 try again, 78 configuration. */
const exitCodeOf: Record<TransferFailureKind, number> = { damaged: 1, no_input: 66, in_the_way: 73, again: 75 };

export const exitCodesHelp =
  'Exit codes: 0 done; 1 something is damaged, and was listed; 2 wrong options; 66 there is nothing to read; 73 the place is not\n' +
  'empty, or of another store or version; 74 a disk or a service failed; 75 not now, run it again; 78 the configuration is wrong, or\n' +
  'another server runs on the data folder. After 74, 75, a kill or a power cut the same command goes on where it stopped.';

/** Runs a command that copies: shows how far it is, and a failure with what to do next. `work` returns the exit code. */
export async function runTransfer(name: string, json: boolean, work: (tell: Tell) => Promise<number>): Promise<void> {
  const reporter = transferReporter(json);
  try {
    process.exitCode = await work((event) => reporter.tell(event));
  } catch (error) {
    reporter.stop();
    const failure = explained(error);
    if (json) process.stdout.write(`${JSON.stringify({ event: 'failed', ...failure })}\n`);
    else process.stderr.write(`proofline ${name}: ${failure.message}\n  ${failure.remedy}\n`);
    process.exitCode = failure.exit_code;
  } finally {
    reporter.stop();
  }
}

interface Explained {
  exit_code: number;
  message: string;
  remedy: string;
}

const goesOn = 'Mend the cause, then run the same command again: it goes on where it stopped.';

/** Throws what is a defect of ours. */
function explained(error: unknown): Explained {
  if (error instanceof TransferFailure)
    return { exit_code: exitCodeOf[error.kind], message: error.message, remedy: error.remedy };
  if (error instanceof StartupError) return { exit_code: 78, message: error.message, remedy: error.remedy };
  if (isProblem(error) && error.kind !== 'internal')
    return { exit_code: 74, message: `${error.message} (${error.code})`, remedy: goesOn };
  // What the system said of a file: its name of the error, without the path.
  if (error instanceof Error && 'code' in error && 'syscall' in error)
    return {
      exit_code: 74,
      message: `A file cannot be read or written (${error.code} in ${error.syscall}).`,
      remedy: goesOn,
    };
  throw error;
}
