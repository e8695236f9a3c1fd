import { Command } from 'commander';
import type { BundleReport, StreamReport } from '#client/bundle/bundle-report.ts';
import { verifyBundle } from '#client/bundle/verify-bundle.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import { type MediaFiles, mediaFiles } from '#recorder/bundle/media-files.ts';
import { nodeDigest, openZipBundle } from '#recorder/bundle/zip-bundle.ts';
import { showBytes } from '#recorder/measures.ts';
import { ProgressLine, terminalOf } from '#recorder/progress/progress-line.ts';
import { Rate } from '#recorder/progress/rate.ts';
import { RecorderError } from '#recorder/recorder-error.ts';
import { loadKey } from '#recorder/staging/key-on-disk.ts';
import { isVaultExport, verifyVaultExport } from './documents/verify-vault-export.ts';
import { describeFailure } from './recorder-failure.ts';
import { showName } from './show-name.ts';
import { verifyAudit } from './verify-audit.ts';
import { isFolder, verifyExportFolder } from './verify-export.ts';
import { groupLines } from './verify-group.ts';

interface VerifyFlags {
  keyFile?: string;
  out?: string;
  root?: string;
  audit?: string | true;
  head?: string;
  config?: string;
  json?: boolean;
}

const notes = `
Examples:
  proofline verify incident.zip
  proofline verify incident.zip --key-file key.json --out media
  proofline verify group.zip --root 9c1d...         a capture group, against the SHA-256 of the manifest that the server gives
  proofline verify records --root 5f7c...           an export of "proofline lineage export"
  proofline verify vault                            an export of "proofline documents export"
  proofline verify --audit                          the audit log in the database of this configuration
  proofline verify --audit audit.jsonl --head 12:9f...   an export of it, against an end that was noted down

Works without a server and without a network. Without a key it shows that the bundle is whole and agrees with its own
manifest. With the key it also shows that each chunk was sealed by who holds the key, for this place in this recording.
Of a capture group, what is chosen, what stands in for a master and what is missing is computed anew from the rows in its manifest.
Only what was verified is written; a file that exists is never overwritten. Of an export of runs every record is hashed, sealed once
more and found in its place in its chain; with the root that the export printed, also that nobody made all of it anew.
Of the audit log every entry is held against the one before it and against the end that the log says it has. Whoever could write the
whole log anew is found only with --head, the end of an earlier export or check.

Exit codes: 0 everything is right; 1 something is not, and is listed; 2 wrong options; 66 no such file, or no key file;
78 the configuration is wrong (--audit without a file); 73 a file is in the way of the output.`;

export function verifyCommand(): Command {
  const command = new Command('verify')
    .description('Verifies a bundle, an export of runs or the audit log, and decrypts a bundle when its key is given.')
    .argument('[bundle]', 'the ZIP that was downloaded, or the folder of an export')
    .option('--key-file <file>', 'the key that the recorder made')
    .option('--out <folder>', 'write the decrypted media there, one file for each stream')
    .option('--root <hash>', 'export, capture group: the root that it has to have')
    .option('--audit [file]', 'the audit log: an export as JSONL, or else that of the database')
    .option('--head <seq:hash>', 'audit: an entry that it has to have')
    .option('--config <file>', 'audit: as for serve')
    .option('--json', 'print the report as one JSON object')
    .addHelpText('after', notes);
  return command.action(async (path: string | undefined) => {
    // The names and kinds of VerifyFlags are those of the options above.
    const flags = command.opts<VerifyFlags>();
    try {
      process.exitCode = await (flags.audit === undefined ? verify(path, flags) : verifyAuditLog(path, flags));
    } catch (error) {
      // Told as at every other command that reads the configuration.
      if (error instanceof StartupError) throw error;
      process.exitCode = describeFailure('verify', error, flags.json === true);
    }
  });
}

async function verifyAuditLog(path: string | undefined, flags: VerifyFlags): Promise<number> {
  if (path !== undefined) throw new RecorderError('usage', 'Either a bundle or --audit [FILE], not both.');
  if (flags.keyFile !== undefined || flags.out !== undefined || flags.root !== undefined)
    throw new RecorderError('usage', '--key-file, --out and --root do not go with --audit.');
  return await verifyAudit(flags.audit === true ? undefined : flags.audit, flags);
}

async function verify(path: string | undefined, flags: VerifyFlags): Promise<number> {
  if (path === undefined) throw new RecorderError('usage', 'Say what to verify: a bundle, a folder, or --audit.');
  if (flags.head !== undefined) throw new RecorderError('usage', '--head goes with --audit.');
  if (await isVaultExport(path)) {
    if (flags.keyFile !== undefined || flags.out !== undefined || flags.root !== undefined)
      throw new RecorderError('usage', 'An export of documents is verified without further options.');
    return await verifyVaultExport(path, flags.json === true);
  }
  if (await isFolder(path)) {
    if (flags.keyFile !== undefined || flags.out !== undefined)
      throw new RecorderError('usage', '--key-file and --out are for bundles; an export of runs is not encrypted.');
    return await verifyExportFolder(path, flags);
  }
  if (flags.out !== undefined && flags.keyFile === undefined)
    throw new RecorderError('usage', '--out needs --key-file: without the key there is nothing to write.');
  const key = flags.keyFile === undefined ? undefined : await loadKey(flags.keyFile);
  const bundle = await openZipBundle(path);
  const sink = flags.out === undefined ? undefined : mediaFiles(flags.out);
  const rate = new Rate();
  let done = 0;
  const line = new ProgressLine(terminalOf(process.stderr), () => ({
    done,
    total: bundle.byteSize,
    bytesPerSecond: rate.bytesPerSecond,
    growing: false,
  }));
  if (flags.json !== true) line.start();
  try {
    const report = await verifyBundle(bundle, {
      key,
      sink,
      digest: nodeDigest,
      root: flags.root,
      onProgress: ({ bytes }) => {
        done += bytes;
        rate.add(bytes);
      },
    });
    line.stop();
    if (flags.json === true)
      process.stdout.write(
        `${JSON.stringify({ ...report, written: Object.fromEntries(sink?.written ?? []) }, undefined, 2)}\n`,
      );
    else process.stdout.write(`${textOf(report, key !== undefined, sink)}\n`);
    return report.ok ? 0 : 1;
  } finally {
    line.stop();
    await sink?.abandon();
    await bundle.close();
  }
}

function textOf(report: BundleReport, withKey: boolean, sink: MediaFiles | undefined): string {
  const lines = report.group === undefined ? [] : groupLines(report.group);
  const streams = report.streams.flatMap((stream) => streamLines(stream, withKey, sink?.written.get(stream.stream_id)));
  lines.push(...streams);
  if (report.failures.length > 0) {
    lines.push('', `${report.failures.length} ${report.failures.length === 1 ? 'failure' : 'failures'}:`);
    for (const { code, message, entry } of report.failures)
      lines.push(`  ${entry === undefined ? '' : `${showName(entry)}: `}${message} (${code})`);
  }
  lines.push('', verdict(report, withKey));
  return lines.join('\n');
}

function streamLines(stream: StreamReport, withKey: boolean, file: string | undefined): string[] {
  const opened = withKey ? `, ${stream.chunks_decrypted} decrypted` : '';
  const name = stream.label === undefined ? '' : `  "${showName(stream.label)}"`;
  return [
    `${stream.ok ? 'ok    ' : 'FAILED'}  ${stream.media_type}  ${showName(stream.stream_id)}${name}`,
    `        ${stream.chunks_verified} of ${stream.chunk_count} chunks verified${opened}, ${showBytes(stream.total_bytes)}`,
    ...(stream.started_at === undefined ? [] : [`        ${stream.started_at} to ${stream.ended_at}`]),
    ...(file === undefined ? [] : [`        written to ${file}`]),
  ];
}

function verdict(report: BundleReport, withKey: boolean): string {
  if (!report.ok) return 'NOT VERIFIED. Do not rely on this file; download the bundle again and compare.';
  if (report.streams.length === 0)
    return report.group === undefined || report.group.kind === 'completed'
      ? 'Verified, but the bundle holds no stream: nothing was complete when it was made.'
      : 'Verified, but the bundle holds no chunk: nothing was confirmed when it was made.';
  return withKey
    ? 'Verified: whole, unaltered, and sealed with this key.'
    : 'Verified: whole, and as its manifest says. With --key-file, who sealed it is checked too.';
}
