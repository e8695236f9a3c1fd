import { type CliResult, cli } from './server.ts';

/** What a CI, or whoever runs the tests in one, may have set. */
const ciVariables = [
  ...['GITHUB_ACTIONS', 'GITHUB_REPOSITORY', 'GITHUB_RUN_ID', 'GITHUB_RUN_ATTEMPT', 'GITHUB_SHA'],
  ...['ACTIONS_ID_TOKEN_REQUEST_URL', 'ACTIONS_ID_TOKEN_REQUEST_TOKEN'],
  ...['GITLAB_CI', 'CI_PROJECT_PATH', 'CI_PIPELINE_ID', 'CI_JOB_ID', 'CI_COMMIT_SHA', 'PROOFLINE_ID_TOKEN'],
  ...['STRICTURE_SERVER_URL', 'STRICTURE_SERVER_INGEST_TOKEN', 'STRICTURE_SERVER_INGEST_TOKEN_FILE'],
];

export const outsideOfCi: Record<string, string> = Object.fromEntries(ciVariables.map((name) => [name, '']));

/** `proofline lineage …` as a process of its own, outside of any CI but the one that `env` makes up. */
export async function lineage(args: readonly string[], env: Record<string, string> = {}): Promise<CliResult> {
  return await cli(['lineage', ...args], { ...outsideOfCi, NO_COLOR: '1', ...env });
}
