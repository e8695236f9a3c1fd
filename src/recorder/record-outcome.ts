import type { RecordFlags } from './record-flags.ts';
import type { Report } from './recorder-event.ts';
import type { RecordingOutcome } from './run-recording.ts';
import type { Staging } from './staging/staging.ts';

/** Says how it ended and what to do next. Returns the exit code of `proofline record`. */
export function outcomeMessage(
  outcome: RecordingOutcome,
  staging: Staging,
  flags: RecordFlags,
  report: Report,
): number {
  const notice = (...lines: readonly string[]) => report({ event: 'notice', message: lines.join('\n') });
  const goOn = resumeCommand(staging.folder, flags);
  const { key_file, incident_id } = staging.state;
  const left = staging.chunks.filter(({ fate }) => fate === 'waiting').length;
  switch (outcome.status) {
    case 'delivered':
      notice(
        'To check it, download the bundle of the incident, from its page or its link, and run:',
        `  proofline verify ${incident_id}.zip --key-file ${key_file} --out media`,
      );
      return 0;
    case 'staged':
      notice(
        `${staging.chunks.length} chunks are staged, encrypted, and on no server yet. To deliver them:`,
        `${goOn} --server URL --username NAME`,
      );
      return 0;
    case 'stopped':
      notice(`Stopped; ${left} chunks are not delivered yet. Nothing is lost. To go on:`, goOn);
      return 75;
    case 'failed':
      notice(
        'The recording is on the server, but not as a complete stream. With --complete-partial, a recording that breaks off is completed all the same.',
      );
      return 1;
    case 'blocked':
      notice(...nextStep(outcome.blocked.code, goOn), `What was recorded is kept in ${staging.folder}.`);
      return 1;
  }
}

/** The command that goes on with a recording, as it can be pasted. */
export function resumeCommand(folder: string, flags: RecordFlags): string {
  const secret =
    flags.tokenFile !== undefined
      ? ` --token-file ${flags.tokenFile}`
      : flags.passwordFile !== undefined
        ? ` --password-file ${flags.passwordFile}`
        : '';
  return `  proofline record --resume ${folder}${secret}`;
}

export function nextStep(code: string, goOn: string): readonly string[] {
  switch (code) {
    case 'invalid_credentials':
    case 'authentication_required':
      return ['Check the username and the password, or the token, and go on:', goOn];
    case 'forbidden':
    case 'incident_not_found':
    case 'stream_not_found':
      return ['This account cannot write there. Check the account and the ids, or record into a new incident.'];
    case 'quota_exceeded':
      return ['The account has no room left. Ask the operator for more, or delete an old incident, and go on:', goOn];
    case 'upload_too_large':
      return ['The server takes no chunk of this size. Record with smaller ones: --segment or --chunk-bytes.'];
    case 'setup_required':
      return ['The server has no administrator yet. Finish its set-up, and go on:', goOn];
    case 'unexpected_answer':
    case 'not_found':
      return ['The address does not seem to be a Proofline server. Check --server, and go on:', goOn];
    default:
      return ['Repeating will not help as it is. Once the cause is mended, go on:', goOn];
  }
}
