import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { cellsOf, type NamedFinding, today, withRows } from './prove-rows.ts';
import type { Finding } from './support/finding.ts';
import { repository } from './support/server.ts';

export interface NotRun {
  fault: string;
  reason: string;
}

export interface Proof {
  findings: readonly NamedFinding[];
  notRun: readonly NotRun[];
  /** Names of all jobs there are, in the order of the page. */
  jobs: readonly string[];
  command: string;
  minutes: number;
}

/** docs/reliability.md, from one run and nothing else. */
export function reliabilityPage({ findings, notRun, jobs, command, minutes }: Proof): string {
  // Our own package file, which has a version.
  const { version } = JSON.parse(readFileSync(`${repository}/package.json`, 'utf8')) as { version: string };
  const broken = findings.filter(({ violations }) => violations.length > 0);
  const missing =
    notRun.length === 0
      ? ''
      : `\n## Not run here\n\n${notRun.map(({ fault, reason }) => `- ${fault}: ${reason}`).join('\n')}\n`;
  const told =
    broken.length === 0
      ? ''
      : `\n## Broken\n\n${broken.map(({ fault, violations }) => `- ${fault}: ${violations.slice(0, 5).join('; ')}`).join('\n')}\n`;
  const page = `# Reliability: what was done to the server, and what held

Written by \`npm run prove\`; do not edit. Every number has the denominator it really had. It is of the one run below, but in tables with the
column *made*: each row of those can be made again alone, and says when it was and of which commit.

- Proofline ${version}, Node ${process.version}, Linux ${release()}, SQLite ${process.versions.sqlite}
- ${today()}, ${minutes} minutes, \`${command}\`
- Seeds make the same choices again; instants depend on the machine.

${tableOf(
  'filesystem',
  findings.filter(({ section }) => section === undefined),
)}

*Acknowledged* counts the answers that promised something; all of them were looked at again afterwards. *Broken* counts promises that did
not hold. The bound is what a run of zeros allows one to say: with 95 % confidence the rate is below 3 in so many rounds.

A power cut is simulated: the filesystem is shut down without writing its log, and mounted again. That is a disk which tells the truth
about its flushes; one that lies about them can lose what this page shows as kept. The control row runs the same harness with flushes that
do nothing, and must lose data, or the zeros would mean nothing.
${manyNodes(findings.filter(({ section }) => section === 'nodes'))}`;
  return withRows(page, findings, jobs) + missing + told;
}

function manyNodes(findings: readonly Finding[]): string {
  if (findings.length === 0) return '';
  return `
## Many nodes

Two nodes on one PostgreSQL, one bucket and one Valkey, all of them real. Clients upload, complete and delete at both; an attempt that
broke off, or was told to come back, is repeated at the other node under the same idempotency key. Each node reaches each server through
a proxy of its own, which slows, resets, silences or half closes the connections. After every round each accepted chunk is read from the
bucket and hashed, each is sent once more and must be answered as before, the rows and the account's bytes are counted, and everything
is deleted; the length of every single attempt is measured.

${tableOf('S3 server', findings)}

What was being deleted when a worker or its database died is taken up by another after two minutes; here it is made to look that old.
`;
}

function tableOf(place: string, findings: readonly Finding[]): string {
  const rows = findings.map((finding) => `| ${[...cellsOf(finding), finding.note ?? ''].join(' | ')} |`);
  return `| fault | demanded | ${place} | rounds | acknowledged | broken | 95 % bound | seed | measured beside it |
|---|---|---|---|---|---|---|---|---|
${rows.join('\n')}`;
}
