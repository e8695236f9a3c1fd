import { type Address, isLoopback } from '#platform/process/setting.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import { type IdentityConfig, shortestToken } from './identity.config.ts';

/** From where a home of lineage can be reached. */
export interface Exposure {
  /** What it binds. None: a platform brings it the requests, as in a Worker. */
  readonly addresses: readonly Address[];
  /** Whether somebody before it ends TLS: a declared reverse proxy, or the platform. */
  readonly behindProxy: boolean;
}

/** What must be true before anybody is answered. Throws StartupError, with no value of a setting in it. */
export function checkIdentityConfig(config: IdentityConfig, exposure: Exposure): void {
  checkMode(config, exposure);
  if (!exposure.behindProxy && !isLoopbackAlone(exposure))
    throw new StartupError(
      'Lineage would be served over plain HTTP to other machines, tokens included.',
      'Let a reverse proxy end TLS and declare it in SAFE_TRUSTED_PROXIES, or bind loopback addresses alone.',
    );
}

function checkMode(config: IdentityConfig, exposure: Exposure): void {
  switch (config.mode) {
    case '':
      throw new StartupError(
        'Nothing says who may use lineage: STRICTURE_SERVER_AUTH_MODE is not set.',
        'Set it to token, with STRICTURE_SERVER_INGEST_TOKEN, or to oidc, with an issuer and rules. For trying it out on this machine alone there is none. See operations/lineage-identity.md.',
      );
    case 'token':
      checkTokens(config);
      return;
    case 'oidc':
      checkOidc(config);
      return;
    case 'none':
      // What a proxy forwards comes from loopback, too.
      if (exposure.behindProxy || !isLoopbackAlone(exposure))
        throw new StartupError(
          'STRICTURE_SERVER_AUTH_MODE is none, which gives everything to everybody, and other machines can reach this server.',
          'Bind loopback addresses alone and declare no proxy, or set STRICTURE_SERVER_AUTH_MODE to token or oidc.',
        );
  }
}

function checkTokens({ adminToken, ingestToken }: IdentityConfig): void {
  if (ingestToken === '')
    throw new StartupError(
      'STRICTURE_SERVER_AUTH_MODE is token, but STRICTURE_SERVER_INGEST_TOKEN is not set.',
      'Set it, or STRICTURE_SERVER_INGEST_TOKEN_FILE, to a random one: openssl rand -base64 32.',
    );
  for (const [name, token] of [
    ['STRICTURE_SERVER_INGEST_TOKEN', ingestToken],
    ['STRICTURE_SERVER_ADMIN_TOKEN', adminToken],
  ] as const)
    if (token !== '' && (token.length < shortestToken || !/^[\x21-\x7e]+$/.test(token)))
      throw new StartupError(
        `${name} is shorter than ${shortestToken} characters, or has some that no client can send.`,
        'Take visible ASCII characters without blanks: openssl rand -base64 32.',
      );
  if (adminToken === ingestToken)
    throw new StartupError(
      'STRICTURE_SERVER_ADMIN_TOKEN and STRICTURE_SERVER_INGEST_TOKEN are the same.',
      'Take another one for admins: whoever sends runs must not also change what they are judged by.',
    );
}

function checkOidc(config: IdentityConfig): void {
  const { accessAudience, accessTeamDomain, audience, github, githubIssuer, issuer, jwksUrl, rules, rulesFile } =
    config;
  const wrong = (message: string, how: string) =>
    new StartupError(message, `${how} See operations/lineage-identity.md.`);
  if (!github && issuer === '' && accessTeamDomain === '')
    throw wrong(
      'STRICTURE_SERVER_AUTH_MODE is oidc, but no issuer is trusted.',
      'Set STRICTURE_SERVER_OIDC_GITHUB, STRICTURE_SERVER_OIDC_ISSUER or STRICTURE_SERVER_OIDC_ACCESS_TEAM_DOMAIN.',
    );
  if ((github || issuer !== '') && audience === '')
    throw wrong(
      'STRICTURE_SERVER_OIDC_AUDIENCE is not set, so tokens made for other servers would do here.',
      'Set it to the address of this server, and let clients ask their issuer for it.',
    );
  if (github && githubIssuer === '')
    throw wrong('STRICTURE_SERVER_OIDC_GITHUB_ISSUER is empty.', 'Remove it, or set it to that of your GitHub.');
  if (jwksUrl !== '' && issuer === '')
    throw wrong('STRICTURE_SERVER_OIDC_JWKS_URL is set without STRICTURE_SERVER_OIDC_ISSUER.', 'Set both.');
  if ((accessTeamDomain === '') !== (accessAudience === ''))
    throw wrong(
      'Of STRICTURE_SERVER_OIDC_ACCESS_TEAM_DOMAIN and STRICTURE_SERVER_OIDC_ACCESS_AUDIENCE only one is set.',
      'Set both.',
    );
  const trusted = [github ? githubIssuer : '', issuer, accessTeamDomain === '' ? '' : `https://${accessTeamDomain}`];
  if (trusted.some((one, index) => one !== '' && trusted.indexOf(one) !== index))
    throw wrong('The same issuer is configured twice.', 'Remove it from one of the settings STRICTURE_SERVER_OIDC_….');
  if ((rules === '') === (rulesFile === ''))
    throw wrong(
      `STRICTURE_SERVER_RULES and STRICTURE_SERVER_RULES_FILE are ${rules === '' ? 'both not set, so nobody may do anything' : 'both set'}.`,
      'Set one of them.',
    );
}

function isLoopbackAlone({ addresses }: Exposure): boolean {
  return addresses.length > 0 && addresses.every(({ host }) => isLoopback(host));
}
