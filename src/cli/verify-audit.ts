import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { openMetadata } from '#compose/backends/open-metadata.ts';
import { auditReport } from '#compose/check-audit.ts';
import { isMigrated } from '#compose/diagnose-database.ts';
import {
  type ChainEnd,
  type ChainFinding,
  type ChainReport,
  checkExportedChain,
  NoChainExport,
  parseChainEnd,
  showChainEnd,
} from '#features/audit/index.ts';
import { createLog } from '#platform/process/log.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import { RecorderError } from '#recorder/recorder-error.ts';
import { configuration } from './configuration.ts';

interface AuditFlags {
  head?: string;
  config?: string;
  json?: boolean;
}

/** Prints what is right and wrong with an audit log: of an exported file, or else of the configured database. Returns the exit code. */
export async function verifyAudit(file: string | undefined, flags: AuditFlags): Promise<number> {
  const expected = flags.head === undefined ? undefined : parseChainEnd(flags.head);
  if (flags.head !== undefined && expected === undefined)
    throw new RecorderError('usage', '--head must be SEQ:HASH, as an export or an earlier check printed it.');
  const report = file === undefined ? await ofDatabase(flags, expected) : await ofFile(file, expected);
  process.stdout.write(
    flags.json === true ? `${JSON.stringify(report, undefined, 2)}\n` : `${textOf(report, expected)}\n`,
  );
  return report.ok ? 0 : 1;
}

async function ofDatabase(flags: AuditFlags, expected: ChainEnd | undefined): Promise<ChainReport> {
  const { config } = configuration(flags);
  // Opening it would apply what is pending, and a check changes nothing.
  if (!(await isMigrated(config)))
    throw new StartupError(
      'The database cannot be read as it is: it is not there, or of another version.',
      'See `proofline doctor`; `proofline migrate` brings it to this version.',
    );
  const metadata = await openMetadata(config, createLog('error'), { whileFilling: true });
  try {
    return await auditReport(metadata, { expected });
  } finally {
    await metadata.close();
  }
}

async function ofFile(path: string, expected: ChainEnd | undefined): Promise<ChainReport> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() !== true) throw new RecorderError('no_input', `There is no file ${path}.`);
  try {
    return await checkExportedChain(() => createInterface({ input: createReadStream(path, 'utf8') }), expected);
  } catch (error) {
    if (error instanceof NoChainExport) throw new RecorderError('no_input', error.message, { cause: error });
    throw error;
  }
}

function textOf(report: ChainReport, expected: ChainEnd | undefined): string {
  const { entries, older, end, findings, moreFindings } = report;
  const lines = [`${entries} ${entries === 1 ? 'entry' : 'entries'} in the chain, ${older} older than it.`];
  if (findings.length > 0) {
    const count = findings.length + moreFindings;
    lines.push('', `${count} ${count === 1 ? 'finding' : 'findings'}:`);
    for (const finding of findings) lines.push(`  ${wordsOf(finding)}`);
    if (moreFindings > 0) lines.push(`  and ${moreFindings} more`);
    lines.push('');
  }
  if (end !== undefined) lines.push(`Ends with ${showChainEnd(end)}`);
  lines.push(verdict(report, expected));
  return lines.join('\n');
}

function wordsOf(finding: ChainFinding): string {
  switch (finding.kind) {
    case 'altered':
      return `entry ${finding.seq}: it, or the hash of the entry before it, is not what was written`;
    case 'missing':
      return finding.seq === finding.to
        ? `entry ${finding.seq} is missing`
        : `entries ${finding.seq} to ${finding.to} are missing`;
    case 'misplaced':
      return `entry ${finding.seq} stands where it does not belong, or twice`;
    case 'beyond_end':
      return `entry ${finding.seq}${finding.to === finding.seq ? '' : ` to ${finding.to}`}: behind the end that the log says it has`;
    case 'wrong_end':
      return `entry ${finding.seq}: not the end that the log says it has, or it says none`;
    case 'older_entries':
      return `${finding.found} entries are older than the chain; there were ${finding.expected} when it began`;
    case 'not_the_expected':
      return `entry ${finding.seq} is not the one of --head: the log was written anew, or is another one`;
    case 'unreadable':
      return `line ${finding.line} is not an entry, or is not the last where the last must be`;
  }
}

function verdict({ ok, older }: ChainReport, expected: ChainEnd | undefined): string {
  if (!ok) return 'NOT VERIFIED. Keep this log as it is, and compare with a backup or an earlier export.';
  const unprotected = older === 0 ? '' : ' Entries older than the chain are only counted.';
  return expected === undefined
    ? `Verified: every entry is as it was written, and none is missing.${unprotected} Note the end down elsewhere: with --head a log that was made anew is found too.`
    : `Verified: every entry is as it was written, none is missing, and it is the log of --head.${unprotected}`;
}
