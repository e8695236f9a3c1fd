import type { Clock } from '#kit/time.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import { checkIdentityConfig, type Exposure } from './check-identity-config.ts';
import type { IdentityConfig } from './identity.config.ts';
import type { LineageIdentity } from './identity.ts';
import { anyone } from './none/anyone.ts';
import { accessIssuer, githubIssuer, type Issuer, ownIssuer } from './oidc/issuer.ts';
import { type IdentityReport, oidcIdentity } from './oidc/oidc-identity.ts';
import { parseRules } from './rules/parse-rules.ts';
import { type SharedToken, sharedTokens } from './token/shared-tokens.ts';

export interface LineageIdentityOptions {
  readonly config: IdentityConfig;
  readonly exposure: Exposure;
  /** Absent in a home without files. */
  readonly readFile?: (path: string) => string;
  readonly clock: Clock;
  /** Without tokens and without claims: fit for a log. */
  readonly report: (report: IdentityReport) => void;
}

/** Who may use lineage, in every home. Throws StartupError where that is not said, or not said safely. */
export function lineageIdentity(options: LineageIdentityOptions): LineageIdentity {
  const { clock, config, exposure, report } = options;
  checkIdentityConfig(config, exposure);
  switch (config.mode) {
    case 'token':
      return sharedTokens(tokensOf(config));
    case 'oidc': {
      const issuers = issuersOf(config);
      const rules = parseRules(
        rulesText(options),
        issuers.map(({ issuer }) => issuer),
      );
      return oidcIdentity({ issuers, rules, clock, report });
    }
    case 'none':
      return anyone;
    case '':
      throw new Error('the check above refuses it');
  }
}

/** Every job has the ingest token, so it does not upload what jobs are judged by: that has a token of its own. */
function tokensOf({ adminToken, ingestToken }: IdentityConfig): SharedToken[] {
  const tokens: SharedToken[] = [{ subject: 'token', secret: ingestToken, actions: ['ingest', 'read'] }];
  if (adminToken !== '') tokens.push({ subject: 'admin-token', secret: adminToken, actions: ['admin', 'read'] });
  return tokens;
}

export function issuersOf(config: IdentityConfig): Issuer[] {
  const { accessAudience, accessTeamDomain, algorithms, audience, github, issuer, jwksUrl } = config;
  const issuers: Issuer[] = [];
  if (github) issuers.push(githubIssuer(config.githubIssuer, audience));
  if (accessTeamDomain !== '') issuers.push(accessIssuer(accessTeamDomain, accessAudience));
  if (issuer !== '') issuers.push(ownIssuer({ issuer, audience, algorithms, ...(jwksUrl === '' ? {} : { jwksUrl }) }));
  return issuers;
}

function rulesText({ config, readFile }: LineageIdentityOptions): string {
  if (config.rulesFile === '') return config.rules;
  if (readFile === undefined)
    throw new StartupError(
      'STRICTURE_SERVER_RULES_FILE is set where there are no files.',
      'Set STRICTURE_SERVER_RULES.',
    );
  try {
    return readFile(config.rulesFile);
  } catch (cause) {
    throw new StartupError(
      'The file that STRICTURE_SERVER_RULES_FILE names cannot be read.',
      'Check that it exists and is readable.',
      { cause },
    );
  }
}
