import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ExportedDocument, exportedDocument, exportFiles, vaultManifest } from '#client/documents/vault-export.ts';
import { type Reader, read } from '#client/shape.ts';
import { showBytes } from '#recorder/measures.ts';
import { hasCode } from '#recorder/recorder-error.ts';
import { ExportFolder } from '../lineage/export-folder.ts';
import { showName } from '../show-name.ts';
import { hashFile } from './hash-file.ts';

export interface VaultExportReport {
  ok: boolean;
  documents: number;
  files: number;
  bytes: number;
  failures: { code: 'missing' | 'different' | 'unexpected' | 'unreadable'; entry: string }[];
}

export async function isVaultExport(path: string): Promise<boolean> {
  const manifest = await readFile(join(path, exportFiles.documents)).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  });
  return manifest !== undefined;
}

/** Prints what is right and wrong with an export. Returns the exit code. */
export async function verifyVaultExport(path: string, json: boolean): Promise<number> {
  const report = await examineVaultExport(path);
  process.stdout.write(json ? `${JSON.stringify(report, undefined, 2)}\n` : `${textOf(report)}\n`);
  return report.ok ? 0 : 1;
}

/** Hashes everything there is and holds it against the listings, and those against the manifest. */
export async function examineVaultExport(root: string): Promise<VaultExportReport> {
  const report: VaultExportReport = { ok: false, documents: 0, files: 0, bytes: 0, failures: [] };
  const fail = (code: VaultExportReport['failures'][number]['code'], entry: string) =>
    void report.failures.push({ code, entry });
  const present = new Map((await ExportFolder.open(root)).files.map(({ path, byteSize }) => [path, byteSize]));
  const known = new Set<string>([...Object.values(exportFiles), 'SHA256SUMS']);
  const manifest = parsed(vaultManifest, await textOfFile(root, exportFiles.manifest));
  if (manifest === undefined) fail(present.has(exportFiles.manifest) ? 'unreadable' : 'missing', exportFiles.manifest);
  for (const name of ['documents', 'folders', 'audit'] as const) {
    if (!present.has(exportFiles[name])) fail('missing', exportFiles[name]);
    else if (manifest !== undefined && (await hashFile(join(root, exportFiles[name]))) !== manifest.sha256[name])
      fail('different', exportFiles[name]);
  }
  const sums: string[] = [];
  for (const line of (await textOfFile(root, exportFiles.documents)).split('\n')) {
    if (line === '') continue;
    const document = parsed(exportedDocument, line);
    if (document === undefined || document.versions.some(({ file }) => !isBelow(file))) {
      fail('unreadable', exportFiles.documents);
      continue;
    }
    report.documents += 1;
    for (const version of document.versions) {
      known.add(version.file);
      sums.push(`${version.sha256_hex}  ${version.file}\n`);
      const found = await stateOf(root, version, present);
      if (found !== undefined) fail(found, version.file);
      else {
        report.files += 1;
        report.bytes += version.byte_size;
      }
    }
  }
  if (!present.has('SHA256SUMS')) fail('missing', 'SHA256SUMS');
  else if ((await textOfFile(root, 'SHA256SUMS')) !== sums.join('')) fail('different', 'SHA256SUMS');
  for (const path of present.keys()) if (!known.has(path)) fail('unexpected', path);
  const counted = manifest === undefined || manifest.documents === report.documents;
  if (!counted) fail('different', exportFiles.manifest);
  report.ok = report.failures.length === 0;
  return report;
}

type ExportedVersion = ExportedDocument['versions'][number];

async function stateOf(
  root: string,
  { file, byte_size, sha256_hex }: ExportedVersion,
  present: ReadonlyMap<string, number>,
): Promise<'missing' | 'different' | undefined> {
  const size = present.get(file);
  if (size === undefined) return 'missing';
  return size === byte_size && (await hashFile(join(root, file))) === sha256_hex ? undefined : 'different';
}

/** The listing is not trusted: a path in it must not lead out of the folder. */
function isBelow(path: string): boolean {
  return !path.includes('\\') && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

function parsed<T>(reader: Reader<T>, text: string): T | undefined {
  try {
    const result = read(reader, JSON.parse(text));
    return 'value' in result ? result.value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Empty when it is not there: that is told elsewhere. */
async function textOfFile(root: string, name: string): Promise<string> {
  return await readFile(join(root, name), 'utf8').catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return '';
    throw error;
  });
}

function textOf({ bytes, documents, failures, files, ok }: VaultExportReport): string {
  const words = {
    missing: 'missing',
    different: 'not what its record says',
    unexpected: 'in no listing',
    unreadable: 'not readable',
  };
  const lines = failures.map(({ code, entry }) => `  ${showName(entry)}: ${words[code]}`);
  if (lines.length > 0) lines.unshift(`${failures.length} ${failures.length === 1 ? 'failure' : 'failures'}:`);
  lines.push(`${documents} documents, ${files} versions verified, ${showBytes(bytes)}.`);
  lines.push(ok ? 'Everything is as the export says.' : 'NOT everything is as the export says.');
  return lines.join('\n');
}
