import type { Route } from '#http/route.ts';
import type { Gate } from '../gate.ts';
import { settingsPage } from './settings.pages.ts';

export function settingsRoutes({ gate }: { gate: Gate }): Route[] {
  return [gate.page('/documents/settings', 'Settings', (visit) => settingsPage(visit))];
}
