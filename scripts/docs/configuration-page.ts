import type { Setting, Settings, SharedNames } from '#platform/process/setting.ts';
import { code, generated, table } from './markdown.ts';

export const titles: Record<string, string> = {
  server: 'Server',
  metadata: 'Metadata',
  blobs: 'Blobs',
  coordination: 'Coordination',
  accounts: 'Accounts and sessions',
  chunks: 'Uploads',
  viewerTokens: 'Viewer links',
  safetyChecks: 'Safety checks',
  deletion: 'Deletion and retention',
  captures: 'Captures',
  relayCapabilities: 'Relay: what clients are given',
  relayAccess: 'Relay: how relays reach this server',
  documents: 'Documents',
  resumable: 'Resumable uploads',
  processing: 'What is done with documents',
  jobs: 'Background jobs',
  cloud: 'Cloud connections',
  lineage: 'Lineage',
  lineageIdentity: 'Who may send lineage',
  relay: 'Relay',
  rateLimits: 'Rate limits',
};

const intro = `
Every setting is an environment variable. The same names work as lines of \`NAME=value\` in a file given with
\`--config\` or \`SAFE_CONFIG_FILE\`; the environment wins over the file. A name that is not listed here stops the start, so
that a misspelling cannot pass for a default. \`proofline config\` prints what is in effect and where each value came from;
secrets are masked there.

A setting marked as secret may also be given as \`<NAME>_FILE\`: the path of a file that holds it.
Lengths of time are written like \`90s\`, \`15m\`, \`24h\` or \`30d\`, sizes like \`262144000\`, \`250MB\` or \`2GiB\`.
`;

export function configurationPage(sections: Record<string, Settings>): string {
  const parts = Object.entries(sections).map(
    ([name, settings]) =>
      `## ${titles[name] ?? name}\n\n${table(['Name', 'Default', 'Meaning'], Object.values(settings).map(row))}\n`,
  );
  return `${generated('Configuration', 'the setting records of the code')}${intro}\n${parts.join('\n')}`;
}

function shared({ names, while: { env, is } }: SharedNames): string {
  return `Also taken from ${names.map(code).join(', ')}, while ${code(env)} is ${is.map(code).join(' or ')}.`;
}

function row(setting: Setting<unknown>): string[] {
  const notes = [
    setting.doc,
    `Must be ${setting.expected}.`,
    ...(setting.secret === true ? [`Secret; also as ${code(`${setting.env}_FILE`)}.`] : []),
    ...(setting.aliases === undefined ? [] : [`Older names: ${setting.aliases.map(code).join(', ')}.`]),
    ...(setting.sharedNames === undefined ? [] : [shared(setting.sharedNames)]),
  ];
  return [code(setting.env), setting.default ? code(setting.default) : 'not set', notes.join(' ')];
}
