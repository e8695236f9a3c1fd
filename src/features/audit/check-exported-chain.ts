import { auditEntryShape, auditHeadLine, auditRow } from './audit.json.ts';
import type { AuditLogTable } from './audit.tables.ts';
import { ChainCheck, type ChainEnd, type ChainFinding, type ChainHead, type ChainReport } from './check-chain.ts';

/** Says why a file cannot be judged at all. */
export class NoChainExport extends Error {}

/**
 * Checks the lines of an export as an administrator gets it. Its last line says where the chain ends; it is read first, so the lines can
 * be asked for twice. Throws NoChainExport where the file is none, or has some of the entries only.
 */
export async function checkExportedChain(
  lines: () => AsyncIterable<string>,
  expected?: ChainEnd,
): Promise<ChainReport> {
  let head: ChainHead | undefined;
  let filtered = false;
  let headLineNumber = 0;
  let number = 0;
  for await (const line of lines()) {
    number += 1;
    if (!line.startsWith('{"audit_head"')) continue;
    const parsed = auditHeadLine.safeParse(jsonOf(line));
    if (!parsed.success) continue;
    head = parsed.data.audit_head;
    filtered = parsed.data.filtered;
    headLineNumber = number;
  }
  if (filtered) throw new NoChainExport('This export has some of the entries only. Export without a filter to verify.');
  const check = new ChainCheck(head, expected);
  const cutOff: ChainFinding | undefined = head === undefined ? { kind: 'unreadable', line: number } : undefined;
  number = 0;
  let entries = 0;
  for await (const line of lines()) {
    number += 1;
    if (number === headLineNumber) continue;
    const entry = entryOf(line);
    if (entry === undefined || (headLineNumber > 0 && number > headLineNumber))
      check.report({ kind: 'unreadable', line: number });
    else {
      check.add(entry);
      entries += 1;
    }
  }
  if (entries === 0 && head === undefined) throw new NoChainExport('This file is no export of an audit log.');
  if (cutOff !== undefined) check.report(cutOff);
  return check.finish();
}

function entryOf(line: string): AuditLogTable | undefined {
  const parsed = auditEntryShape.safeParse(jsonOf(line));
  return parsed.success && (parsed.data.seq === undefined) === (parsed.data.hash === undefined)
    ? auditRow(parsed.data)
    : undefined;
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
