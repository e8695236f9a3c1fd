export type { ResumablePartsTable, ResumableUploadsTable } from './resumable.tables.ts';
