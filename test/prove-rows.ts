import { spawnSync } from 'node:child_process';
import type { Finding } from './support/finding.ts';
import { repository } from './support/server.ts';

/** With the name that `--only` knows it by. */
export type NamedFinding = Finding & { readonly job: string };

const bar = '\n## ';
const columns = ['job', 'fault', 'demanded', 'where', 'rounds', 'acknowledged', 'broken', '95 % bound', 'seed'];
const head = `| ${[...columns, 'measured beside it', 'made'].join(' | ')} |\n|${'---|'.repeat(columns.length + 2)}\n`;

/** Tables whose rows are runs of their own, since one of them takes minutes: each says when and of which commit it was made. */
const sections = {
  relay: `## The relay

A real relay before a real server, and clients that upload through it ([how](decisions/0020-relay.md)). Its way to the core is cut, either is
killed, many read along. One row can be made again: \`npm run prove -- --only relay-kills\`.
`,
  captures: `## Captures

Which of several variants of a moment is chosen ([why](decisions/0019-captures.md)): there *acknowledged* counts the confirmed chunks in the
groups. And chunks that are sent resumably.
`,
} as const;

/** The page with these rows in place of those of the same jobs. Other rows stay, as long as there is a job of that name. */
export function withRows(
  page: string,
  findings: readonly NamedFinding[],
  jobs: readonly string[],
  made = madeHere(),
): string {
  let whole = page;
  for (const section of ['relay', 'captures'] as const) {
    const heading = `\n${sections[section].split('\n', 1)}\n`;
    const [before = '', rest = ''] = whole.split(heading);
    const next = rest.indexOf(bar);
    const [own, after] = next < 0 ? [rest, ''] : [rest.slice(0, next), rest.slice(next)];
    const rows = new Map(own.matchAll(/^\| `([\w-]+)` \|.*$/gm).map(([row, job = '']) => [job, row]));
    for (const one of findings) if (one.section === section) rows.set(one.job, rowOf(one, made));
    const inOrder = jobs.flatMap((job) => rows.get(job) ?? []);
    if (inOrder.length > 0) whole = `${before}\n${sections[section]}\n${head}${inOrder.join('\n')}\n${after}`;
  }
  return whole;
}

function rowOf(finding: NamedFinding, made: string): string {
  const { job, violations } = finding;
  const broken = violations.slice(0, 3).map((violation) => `broken: ${violation.replace(/[|\s]+/g, ' ')}`);
  return `| \`${job}\` | ${[...cellsOf(finding), [finding.note ?? [], broken].flat().join('; '), made].join(' | ')} |`;
}

/** What every table says of a finding, up to what was measured beside it. */
export function cellsOf({ fault, held, filesystem, rounds, acknowledged, violations, seed }: Finding): string[] {
  const broken = violations.length;
  const bound = broken > 0 || rounds < 10 ? '–' : `${((3 / rounds) * 100).toPrecision(2)} %`;
  const counts = [rounds, acknowledged].map((value) => value.toLocaleString('en-GB'));
  return [fault, held, filesystem, ...counts, String(broken), bound, seed === 0 ? '–' : String(seed)];
}

export function today(): string {
  return new Date().toISOString().slice(0, 10);
}

function madeHere(): string {
  const git = (...args: string[]) => spawnSync('git', args, { cwd: repository, encoding: 'utf8' });
  const commit = git('rev-parse', '--short=10', 'HEAD');
  if (commit.status !== 0) return `${today()}, commit unknown`;
  const changed = git('status', '--porcelain', '--untracked-files=no', '--', 'src', 'test', 'package-lock.json').stdout;
  return `${today()}, ${commit.stdout.trim()}${changed === '' ? '' : ' with changes'}`;
}
