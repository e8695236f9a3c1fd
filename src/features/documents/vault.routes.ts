import type { Route } from '#http/route.ts';
import { addDocumentRoutes } from './add-document.routes.ts';
import type { VaultDeps } from './add-document.ts';
import { contentRoutes } from './content/content.routes.ts';
import type { DocumentConfig } from './documents.config.ts';
import { documentsRoutes } from './documents.routes.ts';
import { folderRoutes } from './folders/folders.routes.ts';
import { previewRoutes } from './preview/preview.routes.ts';
import { quotaRoutes } from './quotas/quotas.routes.ts';
import { topicRoutes } from './topics/topics.routes.ts';
import { trashRoutes } from './trash/trash.routes.ts';
import { versionRoutes } from './versions/versions.routes.ts';

/** What accounts keep, and what they do with it. */
export function documentRoutes(deps: VaultDeps, config: DocumentConfig): Route[] {
  return [
    ...addDocumentRoutes(deps, config),
    ...documentsRoutes(deps),
    ...contentRoutes(deps, config),
    ...previewRoutes(deps),
    ...versionRoutes(deps),
    ...trashRoutes(deps),
    ...folderRoutes(deps),
    ...topicRoutes(deps),
    ...quotaRoutes(deps, config),
  ];
}
