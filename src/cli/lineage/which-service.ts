import type { Command } from 'commander';
import type { ServiceName } from '#client/lineage/lineage-wire.ts';
import { CommandFailure } from '../command-failure.ts';
import { type CiDefaults, ciDefaults } from './ci-defaults.ts';

export interface ServiceFlags {
  readonly organization?: string;
  readonly project?: string;
  readonly service?: string;
}

export function withServiceOptions(command: Command): Command {
  return command
    .optionsGroup('Whose runs:')
    .option('--organization <name>', 'default: the owner of the repository, as GitHub or GitLab says')
    .option('--project <name>', 'default: the name of the repository')
    .option('--service <name>', 'default: the name of the project');
}

export function whichService(flags: ServiceFlags, env: NodeJS.ProcessEnv): ServiceName & { readonly ci: CiDefaults } {
  const ci = ciDefaults(env);
  const organization = flags.organization ?? ci.organization;
  const project = flags.project ?? ci.project;
  const service = flags.service ?? project;
  if (organization === undefined || project === undefined || service === undefined)
    throw new CommandFailure(
      'usage',
      'It is not known whose runs are meant.',
      'Give --organization, --project and --service; in GitHub Actions and GitLab CI the first two are known.',
    );
  return { organization, project, service, ci };
}
