import type { Peers } from '#http/peers.ts';
import type { Route } from '#http/route.ts';
import type { VaultDeps } from './add-document.ts';
import { groupRoutes } from './groups/groups.routes.ts';
import { linkRoutes } from './links/links.routes.ts';
import { sharedWithRoutes } from './shares/shared-with.routes.ts';
import { shareRoutes } from './shares/shares.routes.ts';

/** Who else may see or change what somebody owns. */
export function sharingRoutes(deps: VaultDeps & { peers: Peers }): Route[] {
  return [...shareRoutes(deps), ...sharedWithRoutes(deps), ...groupRoutes(deps), ...linkRoutes(deps)];
}
