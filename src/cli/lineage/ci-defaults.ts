export interface CiDefaults {
  readonly system: 'github' | 'gitlab' | 'none';
  readonly organization?: string;
  readonly project?: string;
  /** The same again when a step is repeated within its job, another one when the job is run again. */
  readonly runId?: string;
  readonly commit?: string;
}

/** What the CI says of the run that this process is part of; an empty variable counts as absent. */
export function ciDefaults(env: NodeJS.ProcessEnv): CiDefaults {
  const said = (name: string) => (env[name] === '' ? undefined : env[name]);
  if (said('GITHUB_ACTIONS') === 'true') {
    const [organization, project] = (said('GITHUB_REPOSITORY') ?? '').split('/');
    return given('github', {
      organization,
      project,
      runId: joined(said('GITHUB_RUN_ID'), said('GITHUB_RUN_ATTEMPT')),
      commit: said('GITHUB_SHA'),
    });
  }
  if (said('GITLAB_CI') === 'true') {
    // Groups may lie within groups: the outermost is the organisation.
    const [organization, ...rest] = (said('CI_PROJECT_PATH') ?? '').split('/');
    return given('gitlab', {
      organization,
      project: rest.join('/'),
      runId: joined(said('CI_PIPELINE_ID'), said('CI_JOB_ID')),
      commit: said('CI_COMMIT_SHA'),
    });
  }
  return { system: 'none' };
}

function joined(run: string | undefined, attempt: string | undefined): string | undefined {
  return run === undefined || attempt === undefined ? undefined : `${run}-${attempt}`;
}

function given(system: CiDefaults['system'], facts: Record<string, string | undefined>): CiDefaults {
  const present = Object.entries(facts).filter(([, value]) => value !== undefined && value !== '');
  return { system, ...Object.fromEntries(present) };
}
