import { choice, flag, type Setting, type Settings, secret, text, type ValuesOf } from '#platform/process/setting.ts';
import { type Algorithm, algorithms, isIssuerUrl, isSafeUrl } from './oidc/issuer.ts';
import { publicGithub } from './rules/github-pin.ts';

export const shortestToken = 16;

const mode: Setting<'' | 'token' | 'oidc' | 'none'> = {
  ...choice({
    env: 'STRICTURE_SERVER_AUTH_MODE',
    doc: 'How callers of lineage say who they are: `token`, `oidc`, or `none`, on loopback alone. Not set: lineage does not start. See operations/lineage-identity.md.',
    default: '',
    of: ['', 'token', 'oidc', 'none'],
  }),
  expected: 'token, oidc or none',
};

function issuerUrl(setting: { env: string; doc: string; default: string }): Setting<string> {
  return {
    ...setting,
    expected:
      'an address like https://id.example.org, without a password, a query or a fragment; plain http within this machine alone',
    parse: (value) => (value === '' || isIssuerUrl(value) ? value : undefined),
  };
}

const jwksUrl: Setting<string> = {
  env: 'STRICTURE_SERVER_OIDC_JWKS_URL',
  doc: 'Where the keys of STRICTURE_SERVER_OIDC_ISSUER are. Not set: where its discovery document says.',
  default: '',
  expected: 'an address like https://id.example.org/keys, without a password; plain http within this machine alone',
  parse: (value) => (value === '' || isSafeUrl(value) ? value : undefined),
};

const ownAlgorithms: Setting<readonly Algorithm[]> = {
  env: 'STRICTURE_SERVER_OIDC_ALGORITHMS',
  doc: 'What the tokens of STRICTURE_SERVER_OIDC_ISSUER may be signed with. Name the one that it uses.',
  default: algorithms.join(','),
  expected: `one or more of ${algorithms.join(', ')}, separated by commas`,
  parse: (value) => {
    const list = value.split(',').map((part) => algorithms.find((algorithm) => algorithm === part.trim()));
    return list.every((algorithm) => algorithm !== undefined) ? list : undefined;
  },
};

export const identitySettings = {
  mode,
  ingestToken: secret({
    env: 'STRICTURE_SERVER_INGEST_TOKEN',
    doc: 'With `token`: the bearer token of all clients. It may send and read runs of every organization.',
    expected: `at least ${shortestToken} visible ASCII characters`,
    minLength: shortestToken,
  }),
  adminToken: secret({
    env: 'STRICTURE_SERVER_ADMIN_TOKEN',
    doc: 'With `token`: the bearer token of those who upload policies and flows. It may read too. Not set: nobody uploads any.',
    expected: `at least ${shortestToken} visible ASCII characters`,
    minLength: shortestToken,
  }),
  audience: text({
    env: 'STRICTURE_SERVER_OIDC_AUDIENCE',
    doc: 'The `aud` that tokens of GitHub and of STRICTURE_SERVER_OIDC_ISSUER must have: the address of this server, by custom.',
    default: '',
    expected: 'at most 200 visible ASCII characters',
    pattern: /^[\x21-\x7e]{0,200}$/,
  }),
  github: flag({
    env: 'STRICTURE_SERVER_OIDC_GITHUB',
    doc: 'Whether tokens of GitHub Actions are accepted, as far as rules say.',
    default: 'false',
  }),
  githubIssuer: issuerUrl({
    env: 'STRICTURE_SERVER_OIDC_GITHUB_ISSUER',
    doc: 'Whose tokens of GitHub Actions: for GitHub Enterprise Server `https://HOST/_services/token`.',
    default: publicGithub,
  }),
  issuer: issuerUrl({
    env: 'STRICTURE_SERVER_OIDC_ISSUER',
    doc: "Your organisation's own issuer of short-lived service tokens; exactly the `iss` in them.",
    default: '',
  }),
  jwksUrl,
  algorithms: ownAlgorithms,
  accessTeamDomain: text({
    env: 'STRICTURE_SERVER_OIDC_ACCESS_TEAM_DOMAIN',
    doc: 'With Cloudflare Access before this server: the domain of your team.',
    default: '',
    expected: 'a host name like acme.cloudflareaccess.com',
    pattern: /^([a-z0-9-]+(\.[a-z0-9-]+)+)?$/,
  }),
  accessAudience: text({
    env: 'STRICTURE_SERVER_OIDC_ACCESS_AUDIENCE',
    doc: 'The AUD tag of the Access application that this server is.',
    default: '',
    expected: 'the tag as the dashboard of Access shows it, letters and digits',
    pattern: /^[A-Za-z0-9]{0,128}$/,
  }),
  rules: text({
    env: 'STRICTURE_SERVER_RULES',
    doc: 'With `oidc`: the rules that say who may do what, as JSON in one line. For Workers, which have no files.',
    default: '',
    expected: 'a JSON list',
  }),
  rulesFile: text({
    env: 'STRICTURE_SERVER_RULES_FILE',
    doc: 'The file that has the rules, instead of STRICTURE_SERVER_RULES. Read at start.',
    default: '',
    expected: 'a file',
  }),
} satisfies Settings;

export type IdentityConfig = ValuesOf<typeof identitySettings>;
