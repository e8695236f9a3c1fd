import type { BrowserVisits } from '#features/accounts/index.ts';
import { staticFiles } from '#http/pages/static-files.ts';
import type { Peers } from '#http/peers.ts';
import type { Route } from '#http/route.ts';
import { activityRoutes, type Usernames } from './activity/activity.routes.ts';
import { apiOf } from './api.ts';
import { connectionRoutes } from './connections/connections.routes.ts';
import { documentPageRoutes } from './document/document.routes.ts';
import { fileActRoutes } from './files/acts.routes.ts';
import { filesRoutes } from './files/files.routes.ts';
import { openGate } from './gate.ts';
import { modules } from './modules.ts';
import { settingsRoutes } from './settings/settings.routes.ts';
import { sharedRoutes } from './sharing/shared.routes.ts';
import { sharingRoutes } from './sharing/sharing.routes.ts';
import { signInRoutes } from './sign-in/sign-in.routes.ts';
import { topicRoutes } from './topics/topics.routes.ts';
import { trashRoutes } from './trash/trash.routes.ts';

export interface VaultDeps {
  visits: BrowserVisits;
  peers: Peers;
  usernames: Usernames;
  /** Of the API, which answers what the pages show. */
  api: readonly Route[];
}

const shared = (name: string) => new URL(`../../http/pages/${name}`, import.meta.url);
const own = (name: string) => new URL(`./assets/${name}`, import.meta.url);

const scripts = ['vault', 'renew', ...modules].map((name) => [`${name}.js`, [own(`${name}.js`)]] as const);

/** The pages of the vault, on the main listener. */
export function vaultRoutes(
  { visits, peers, usernames, api: routes }: VaultDeps,
  config: { trashRetentionMs: number },
): Route[] {
  const files = staticFiles('/documents/static', {
    'vault.css': [
      shared('base.css'),
      shared('parts.css'),
      ...['frame', 'list', 'tiles', 'tray', 'details'].map((name) => own(`${name}.css`)),
    ],
    ...Object.fromEntries(scripts),
    'tell.js': [shared('tell.js')],
    'icon.svg': [shared('icon.svg')],
    'icons.svg': [own('icons.svg')],
  });
  const api = apiOf(routes);
  const gate = openGate({ visits, files, peers, api });
  const deps = { gate, api, usernames };
  return [
    ...signInRoutes({ ...deps, files }),
    ...filesRoutes(deps),
    ...fileActRoutes(deps),
    ...documentPageRoutes(deps),
    ...sharingRoutes(deps),
    ...sharedRoutes(deps),
    ...topicRoutes(deps),
    ...activityRoutes(deps),
    ...connectionRoutes(deps),
    ...trashRoutes(deps, config),
    ...settingsRoutes(deps),
    ...files.routes,
  ];
}
