import { z } from 'zod';
import type { AuditLogTable } from './audit.tables.ts';
import type { ChainHead } from './check-chain.ts';

const time = z.iso.datetime();
const actor = z.enum(['account', 'command_line', 'setup', 'server', 'link', 'unknown']);
const outcome = z.enum(['done', 'refused']);

/** An entry, of which the chain is for administrators: whoever sees some of the entries could make nothing of it. */
export const auditEntryShape = z
  .strictObject({
    seq: z.number().int().min(1).optional().describe('Its place in the chain. Absent: older than the chain'),
    id: z.string(),
    at: time,
    actor,
    actor_account_id: z.string().optional(),
    owner_account_id: z.string().optional().describe('Whose matter it is'),
    action: z.string(),
    subject_type: z.string(),
    subject_id: z.string().optional(),
    outcome,
    detail: z.string().optional(),
    hash: z.string().optional().describe('SHA-256 over the hash of the entry before and the words of this one'),
  })
  .meta({ id: 'AuditEntry' });

export type AuditEntryJson = z.output<typeof auditEntryShape>;

export const auditColumns = [
  'seq',
  'id',
  'at',
  'actor',
  'actor_account_id',
  'owner_account_id',
  'action',
  'subject_type',
  'subject_id',
  'outcome',
  'detail',
  'hash',
] as const satisfies readonly (keyof AuditLogTable)[];

const chainColumns: ReadonlySet<string> = new Set(['seq', 'hash']);

export function columnsFor(withChain: boolean): readonly (keyof AuditLogTable)[] {
  return auditColumns.filter((column) => withChain || !chainColumns.has(column));
}

export function auditEntryJson(row: AuditLogTable, withChain: boolean): AuditEntryJson {
  const present = columnsFor(withChain).flatMap((column) => (row[column] === null ? [] : [[column, row[column]]]));
  // Its columns are the fields of the shape, and those that are NULL are optional there.
  return Object.fromEntries(present) as AuditEntryJson;
}

/** Back from a line of an export. */
export function auditRow(entry: AuditEntryJson): AuditLogTable {
  // As above, the other way round.
  return Object.fromEntries(auditColumns.map((column) => [column, entry[column] ?? null])) as unknown as AuditLogTable;
}

const headShape = z.strictObject({
  seq: z.number().int().min(0),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  unchained: z.number().int().min(0),
});

/** The last line of an export with the chain. */
export const auditHeadLine = z.strictObject({ audit_head: headShape, filtered: z.boolean() });

export function headLine(head: ChainHead, filtered: boolean): z.output<typeof auditHeadLine> {
  const { seq, hash, unchained } = head;
  return { audit_head: { seq, hash, unchained }, filtered };
}
