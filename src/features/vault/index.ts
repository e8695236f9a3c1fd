export { type VaultDeps, vaultRoutes } from './vault.routes.ts';
