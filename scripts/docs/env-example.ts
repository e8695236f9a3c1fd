import type { Setting, Settings } from '#platform/process/setting.ts';
import { titles } from './configuration-page.ts';

const intro = `# Every setting that there is, with its default. Made from the setting records of the code (npm run docs); a test holds them together.
#
# Copy it to .env, or to where the unit in deploy/systemd reads it (/etc/proofline/env, or /etc/docuvault/env with docuvault.conf), mode 600,
# outside of the project's folder. Take the # away from what you set. A secret may stand in a file of its own: NAME_FILE=/path.
# docs/configuration.md says the same with more words.
`;

/** `.env.example`, for the root of the repository. */
export function envExample(sections: Record<string, Settings>): string {
  const parts = Object.entries(sections).map(([name, settings]) => {
    const lines = Object.values(settings).map(entry).join('\n');
    return `\n# ---- ${titles[name] ?? name} ----\n\n${lines}`;
  });
  return `${intro}${parts.join('')}`;
}

function entry({ aliases, doc, env, secret, ...setting }: Setting<unknown>): string {
  const notes = [
    doc,
    ...(secret === true ? ['Secret.'] : []),
    ...(aliases === undefined ? [] : [`Also: ${aliases.join(', ')}.`]),
  ];
  return `# ${notes.join(' ')}\n#${env}=${secret === true ? '' : (setting.default ?? '')}\n`;
}
