import { toHex } from '#kit/bytes.ts';
import type { RunLine, ServiceName } from '../lineage-wire.ts';
import { type ExportedRun, recordPath } from './export-manifest.ts';
import type { FailExport } from './export-report.ts';
import type { ExportFile, ExportSource, Reseal } from './export-source.ts';

interface RecordOfExport {
  source: ExportSource;
  file: ExportFile | undefined;
  service: ServiceName;
  run: ExportedRun;
  reseal: Reseal;
}

/** Whether the record is there, has the bytes that the manifest says, and says itself what the manifest says of it. */
export async function verifyRecord(
  { file, reseal, run, service, source }: RecordOfExport,
  fail: FailExport,
): Promise<boolean> {
  const path = recordPath(service, run);
  const no: FailExport = (code, message) => fail(code, message, path);
  if (file === undefined) {
    no('record_missing', `The record of run ${run.run_id} is not in the folder.`);
    return false;
  }
  if (file.byteSize !== run.bytes) {
    no('size_differs', `The record has ${file.byteSize} bytes; the manifest says ${run.bytes}.`);
    return false;
  }
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = await source.read(path);
  } catch (error) {
    no('record_unreadable', `The record cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    return false;
  }
  const sha256 = toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
  if (sha256 !== run.sha256) {
    no('hash_differs', `The record has the SHA-256 ${sha256}; the manifest says ${run.sha256}.`);
    return false;
  }
  try {
    const sealed = await reseal(bytes);
    const wrong = differing(sealed, { key: service, line: run });
    if (wrong.length === 0) return true;
    no('record_differs', `The record says something else than the manifest about: ${wrong.join(', ')}.`);
  } catch {
    no('record_not_sealed', 'The record is not as the server seals it: it was written by something else.');
  }
  return false;
}

type Stated = Awaited<ReturnType<Reseal>>;

function differing(a: Stated, b: Stated): string[] {
  const names = ['organization', 'project', 'service'] as const;
  const facts = [
    'run_id',
    'received_at',
    'commit_sha',
    'impact',
    'bytes',
    'sha256',
  ] as const satisfies (keyof RunLine)[];
  return [
    ...names.filter((name) => a.key[name] !== b.key[name]),
    ...facts.filter((fact) => a.line[fact] !== b.line[fact]),
  ];
}
