import { Command } from 'commander';
import { openBackends } from '#compose/backends/open-backends.ts';
import { openMetadata } from '#compose/backends/open-metadata.ts';
import { type BlobFinding, checkBlobs } from '#compose/check-blobs.ts';
import type { Config } from '#compose/config.ts';
import { diagnose, diagnoseRows } from '#compose/diagnose.ts';
import { isMigrated } from '#compose/diagnose-database.ts';
import type { Diagnosis } from '#compose/diagnosis.ts';
import { createLog } from '#platform/process/log.ts';
import { configuration } from './configuration.ts';

interface Flags {
  config?: string;
  blobs?: boolean;
  hash?: boolean;
  json?: boolean;
}

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('Looks for what is wrong or will be. Deletes and repairs nothing; works beside a running server.')
    .option('--blobs', 'compare every row with its blob and every blob with its row, by name and size')
    .option('--hash', 'with --blobs: read and hash every blob')
    .option('--config <file>', 'as for serve')
    .option('--json', 'print one JSON object a line')
    .addHelpText(
      'after',
      '\nExamples:\n  proofline doctor\n  proofline doctor --blobs --hash\n\nExit codes: 0 nothing bad, 1 something is, 78 the configuration is wrong.',
    )
    .action(async (flags: Flags) => {
      const { config } = configuration(flags);
      let bad = 0;
      const show = (diagnosis: Diagnosis) => {
        if (diagnosis.state === 'bad') bad += 1;
        process.stdout.write(`${flags.json === true ? JSON.stringify(diagnosis) : lineOf(diagnosis)}\n`);
      };
      for await (const diagnosis of diagnose(config)) show(diagnosis);
      // Opening it would apply what is pending, and a doctor changes nothing.
      if (await isMigrated(config)) {
        const metadata = await openMetadata(config, createLog('error'), { whileFilling: true });
        try {
          for await (const diagnosis of diagnoseRows(metadata)) show(diagnosis);
        } finally {
          await metadata.close();
        }
        if (flags.blobs === true || flags.hash === true) bad += await compareBlobs(config, flags);
      }
      process.exitCode = bad === 0 ? 0 : 1;
    });
}

function lineOf({ check, state, found, remedy }: Diagnosis): string {
  const mark = { ok: 'ok  ', note: 'note', bad: 'BAD ' }[state];
  return `${mark}  ${check.padEnd(14)} ${found}${remedy === undefined ? '' : `\n                      ${remedy}`}`;
}

async function compareBlobs(config: Config, flags: Flags): Promise<number> {
  const backends = await openBackends(config, createLog('error'));
  const terminal = process.stderr.isTTY && flags.json !== true;
  const counts: Record<BlobFinding['kind'], number> = { missing: 0, different: 0, ambiguous: 0, stray: 0, foreign: 0 };
  let checked = { rows: 0, chunks: 0, blobs: 0, bytes: 0 };
  try {
    const findings = checkBlobs(
      { read: backends.metadata.read, blobs: backends.blobs },
      {
        hash: flags.hash === true,
        onProgress: (progress) => {
          checked = progress;
          if (terminal) process.stderr.write(`\r${progress.rows} rows, ${progress.blobs} blobs looked at`);
        },
      },
    );
    for await (const finding of findings) {
      counts[finding.kind] += 1;
      process.stdout.write(`${flags.json === true ? JSON.stringify(finding) : findingLine(finding)}\n`);
    }
  } finally {
    await backends.close();
    if (terminal) process.stderr.write('\n');
  }
  if (flags.json === true) process.stdout.write(`${JSON.stringify({ check: 'blobs', ...checked, ...counts })}\n`);
  else
    process.stdout.write(
      `${checked.rows} rows against ${checked.blobs} blobs${flags.hash === true ? `, ${checked.bytes} bytes hashed` : ''}: ` +
        `${counts.missing} missing, ${counts.different} different, ${counts.ambiguous} ambiguous, ${counts.stray} stray, ${counts.foreign} foreign\n`,
    );
  return counts.missing + counts.different;
}

function findingLine(finding: BlobFinding): string {
  switch (finding.kind) {
    case 'missing':
      return `BAD   ${rowOf(finding)}: its bytes are gone. ${remedies[finding.table]}`;
    case 'different':
      return `BAD   ${rowOf(finding)}: its bytes differ from its record. ${remedies[finding.table]}`;
    case 'ambiguous':
      return `note  ${finding.path} (${finding.byteSize} bytes) was written but never accepted. A retry of the upload adopts it; keep it.`;
    case 'stray':
      return `note  ${finding.path} (${finding.byteSize} bytes) is named by no row, and ${ageOf(finding.ageSeconds)} old. The worker removes it when it is a day old, or with its upload.`;
    case 'foreign':
      return `note  ${finding.path} (${finding.byteSize} bytes) is no file of this server.`;
  }
}

type Table = (BlobFinding & { kind: 'missing' | 'different' })['table'];

const words: Readonly<Record<Table, string>> = {
  chunks: 'chunk',
  document_versions: 'version',
  document_thumbnails: 'thumbnail',
  resumable_parts: 'part',
};
const fromBackup = 'Restore them from a backup.';
const remedies: Readonly<Record<Table, string>> = {
  chunks: fromBackup,
  document_versions: fromBackup,
  document_thumbnails: fromBackup,
  resumable_parts: 'The upload cannot end: its sender begins anew.',
};

function rowOf({ table, id, belongsTo }: { table: Table; id: string; belongsTo: string }): string {
  return `${words[table]} ${id} of ${belongsTo}`;
}

function ageOf(seconds: number): string {
  if (seconds < 120) return `${seconds} seconds`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} minutes` : `${Math.round(seconds / 3600)} hours`;
}
