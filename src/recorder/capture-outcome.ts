import type { RecordFlags } from './record-flags.ts';
import { nextStep, resumeCommand } from './record-outcome.ts';
import type { Report } from './recorder-event.ts';
import type { RecordingOutcome } from './run-recording.ts';
import type { CaptureStaging } from './staging/capture-staging.ts';

/** Says how a capture ended and what to do next. Returns the exit code of `proofline record`. */
export function captureOutcomeMessage(
  outcome: RecordingOutcome,
  staging: CaptureStaging,
  flags: RecordFlags,
  report: Report,
): number {
  const notice = (...lines: readonly string[]) => report({ event: 'notice', message: lines.join('\n') });
  const goOn = resumeCommand(staging.folder, flags);
  const { key_file, incident_id, capture_group_id } = staging.state;
  const left = staging.variants.reduce(
    (sum, variant) => sum + staging.stream(variant).chunks.filter(({ fate }) => fate === 'waiting').length,
    0,
  );
  switch (outcome.status) {
    case 'delivered':
      notice(
        'To check it, download the bundle of the incident, from its page or its link, and run:',
        `  proofline verify ${incident_id}.zip --key-file ${key_file} --out media`,
      );
      return 0;
    case 'staged':
      notice(
        `${left} chunks are staged, encrypted, and on no server yet. To deliver them:`,
        `${goOn} --server URL --username NAME`,
      );
      return 0;
    case 'stopped':
      notice(`Stopped; ${left} chunks are not delivered yet. Nothing is lost. To go on:`, goOn);
      return 75;
    case 'failed':
      notice(
        'What could be kept is on the server. It shows each moment in the best quality that arrived. All of it, in one file:',
        `  GET /v1/incidents/${incident_id}/capture-groups/${capture_group_id}/download?kind=partial`,
        ...(staging.state.capture === 'failed'
          ? ['With --complete-partial, a recording that breaks off is completed all the same.']
          : []),
      );
      return 1;
    case 'blocked':
      notice(...nextStep(outcome.blocked.code, goOn), `What was recorded is kept in ${staging.folder}.`);
      return 1;
  }
}
