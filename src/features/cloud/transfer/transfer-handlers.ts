import type { JobHandler } from '#features/jobs/index.ts';
import { importHandler } from '../import/import-handler.ts';
import { mirrorHandler } from '../mirror/mirror-handler.ts';
import type { TransferDeps } from './transfer.ts';

/** What moves files between the vault and the other side of a connection. */
export function transferHandlers(deps: TransferDeps): JobHandler[] {
  return [importHandler(deps), mirrorHandler(deps)];
}
