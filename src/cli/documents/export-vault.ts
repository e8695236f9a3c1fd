import { createHash } from 'node:crypto';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ProoflineNetworkError } from '#client/api/api-error.ts';
import type { DocumentsApi } from '#client/documents/documents-api.ts';
import { exportFiles, type VaultManifest } from '#client/documents/vault-export.ts';
import { writeDurably } from '#recorder/staging/durable-file.ts';
import { CommandFailure } from '../command-failure.ts';
import { hashFile } from './hash-file.ts';
import { listVault } from './list-vault.ts';

export interface ExportProgress {
  listed(files: number, bytes: number): void;
  bytes(bytes: number): void;
  file(path: string, how: 'copied' | 'present'): void;
}

interface WantedFile {
  readonly documentId: string;
  readonly version: number;
  readonly byteSize: number;
  readonly sha256Hex: string;
  readonly file: string;
}

const lanes = 4;
/** A line that breaks so often over one file is no line. */
const mostBreaks = 20;

/**
 * Copies everything of an account into a folder, every version of every document. Each file is hashed while it comes and must be what the
 * server's record says. What is there already is hashed and kept, so the same command goes on where it was killed.
 */
export async function exportVault(api: DocumentsApi, root: string, progress: ExportProgress): Promise<VaultManifest> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  // Until the end it is no export.
  await rm(join(root, exportFiles.manifest), { force: true });
  const { documents, folders } = await listVault(api);
  const files: WantedFile[] = documents.flatMap(({ id, versions }) =>
    versions.map(({ version, byte_size, sha256_hex, file }) => ({
      ...{ documentId: id, version, file },
      ...{ byteSize: byte_size, sha256Hex: sha256_hex },
    })),
  );
  const bytes = files.reduce((sum, { byteSize }) => sum + byteSize, 0);
  progress.listed(files.length, bytes);
  const waiting = files[Symbol.iterator]();
  const lane = async () => {
    for (let next = waiting.next(); next.done !== true; next = waiting.next())
      progress.file(next.value.file, await copied(api, root, next.value, progress));
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  const lines = (rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  const sha256 = {
    documents: await written(root, exportFiles.documents, lines(documents)),
    folders: await written(root, exportFiles.folders, lines(folders)),
    audit: await written(root, exportFiles.audit, await (await api.audit()).text()),
  };
  const sums = files.map(({ file, sha256Hex }) => `${sha256Hex}  ${file}\n`);
  await writeDurably(root, 'SHA256SUMS', sums.join(''));
  const manifest: VaultManifest = {
    format: 'proofline-vault-export',
    format_version: 1,
    exported_at: new Date().toISOString(),
    documents: documents.length,
    files: files.length,
    bytes,
    sha256,
  };
  await writeDurably(root, exportFiles.manifest, `${JSON.stringify(manifest, undefined, 2)}\n`);
  return manifest;
}

async function written(root: string, name: string, text: string): Promise<string> {
  await writeDurably(root, name, text);
  return createHash('sha256').update(text).digest('hex');
}

async function copied(
  api: DocumentsApi,
  root: string,
  wanted: WantedFile,
  { bytes }: ExportProgress,
): Promise<'copied' | 'present'> {
  const target = join(root, wanted.file);
  if (await isThere(target, wanted)) {
    bytes(wanted.byteSize);
    return 'present';
  }
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  const part = `${target}.part`;
  const file = await open(part, 'w', 0o600);
  const hash = createHash('sha256');
  try {
    let at = 0;
    for (let breaks = 0; at < wanted.byteSize || wanted.byteSize === 0; breaks++) {
      const before = at;
      at = await fill(api, wanted, at, async (piece) => {
        hash.update(piece);
        await file.write(piece);
        bytes(piece.length);
      });
      if (wanted.byteSize === 0) break;
      if (at === before && breaks >= mostBreaks)
        throw new ProoflineNetworkError('connection', 'The connection broke again and again.');
    }
    await file.sync();
  } finally {
    await file.close();
  }
  if (hash.digest('hex') !== wanted.sha256Hex) {
    await rm(part, { force: true });
    throw new CommandFailure(
      'refused',
      'A document arrived with other bytes than its record says.',
      'Nothing of it was kept. Run the command again; if it happens again, tell whoever runs the server.',
    );
  }
  await rename(part, target);
  return 'copied';
}

/** Takes what comes from a place on, and returns where a line that broke stopped. */
async function fill(
  api: DocumentsApi,
  { documentId, version }: WantedFile,
  from: number,
  take: (piece: Uint8Array) => Promise<void>,
): Promise<number> {
  let at = from;
  const { body } = await api.content(documentId, version, from);
  if (body === null) return at;
  try {
    for await (const piece of body) {
      await take(piece);
      at += piece.length;
    }
  } catch (error) {
    // fetch's word for a connection that was cut.
    if (!(error instanceof TypeError)) throw error;
  }
  return at;
}

async function isThere(path: string, { byteSize, sha256Hex }: WantedFile): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() !== true || found.size !== byteSize) return false;
  return (await hashFile(path)) === sha256Hex;
}
