import { stat } from 'node:fs/promises';
import { manifestName } from '#client/lineage/export/export-manifest.ts';
import type { ExportedServiceReport, ExportReport } from '#client/lineage/export/export-report.ts';
import { unfinishedName, verifyExport } from '#client/lineage/export/verify-export.ts';
import { resealStoredRun } from '#features/lineage/record/index.ts';
import { isSha256Hex } from '#kit/bytes.ts';
import { showBytes } from '#recorder/measures.ts';
import { ProgressLine, terminalOf } from '#recorder/progress/progress-line.ts';
import { Rate } from '#recorder/progress/rate.ts';
import { RecorderError } from '#recorder/recorder-error.ts';
import { ExportFolder } from './lineage/export-folder.ts';
import { showName } from './show-name.ts';

export async function isFolder(path: string): Promise<boolean> {
  // What is not there, or may not be looked at, is told by whoever opens it.
  return await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** Prints what is right and wrong with an export. Returns the exit code. */
export async function verifyExportFolder(
  path: string,
  { json, root }: { json?: boolean; root?: string },
): Promise<number> {
  if (root !== undefined && !isSha256Hex(root))
    throw new RecorderError('usage', '--root must be the 64 hexadecimal digits that the export printed.');
  const folder = await ExportFolder.open(path);
  if (!folder.files.some(({ path: name }) => [manifestName, unfinishedName].includes(name) || name.startsWith('v1/')))
    throw new RecorderError('no_input', `The folder ${path} holds no export of runs.`);
  const rate = new Rate();
  const total = folder.files.reduce((sum, { byteSize, path: name }) => sum + (name === manifestName ? 0 : byteSize), 0);
  let done = 0;
  const line = new ProgressLine(terminalOf(process.stderr), () => ({
    done,
    total,
    bytesPerSecond: rate.bytesPerSecond,
    growing: false,
  }));
  if (json !== true) line.start();
  try {
    const report = await verifyExport(folder, {
      reseal: resealStoredRun,
      root,
      onProgress: ({ bytes }) => {
        done += bytes;
        rate.add(bytes);
      },
    });
    line.stop();
    process.stdout.write(json === true ? `${JSON.stringify(report, undefined, 2)}\n` : `${textOf(report, root)}\n`);
    return report.ok ? 0 : 1;
  } finally {
    line.stop();
  }
}

function textOf(report: ExportReport, expected: string | undefined): string {
  const lines = report.services.flatMap(serviceLines);
  if (report.failures.length > 0) {
    lines.push('', `${report.failures.length} ${report.failures.length === 1 ? 'failure' : 'failures'}:`);
    for (const { code, entry, message } of report.failures)
      lines.push(`  ${entry === undefined ? '' : `${showName(entry)}: `}${showName(message)} (${code})`);
  }
  if (report.root !== undefined) lines.push('', `Root ${report.root}`);
  lines.push(verdict(report, expected));
  return lines.join('\n');
}

function serviceLines(service: ExportedServiceReport): string[] {
  const { from, ok, organization, project, run_count, runs_verified, to, total_bytes } = service;
  return [
    `${ok ? 'ok    ' : 'FAILED'}  ${showName(`${organization}/${project}/${service.service}`)}`,
    `        ${runs_verified} of ${run_count} runs verified, ${showBytes(total_bytes)}`,
    ...(from === undefined || to === undefined ? [] : [`        ${showName(from)} to ${showName(to)}`]),
  ];
}

function verdict(report: ExportReport, expected: string | undefined): string {
  if (!report.ok) return 'NOT VERIFIED. Do not rely on this folder; export again and compare.';
  return expected === undefined
    ? 'Verified: whole, unaltered and in order, as its manifest says. Compare the root with the one noted down when it was made.'
    : 'Verified: whole, unaltered and in order, and the export that was expected.';
}
