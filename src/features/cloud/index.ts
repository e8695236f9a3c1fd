export type { CloudConnectionsTable, CloudItemsTable } from './cloud.tables.ts';
