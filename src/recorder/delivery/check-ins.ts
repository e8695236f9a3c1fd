import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import type { NewCheckin } from '#client/api/requests.ts';
import type { Report } from '../recorder-event.ts';
import type { ServerSession } from './server-session.ts';

/** Sends a check-in now and at each interval (ms) until aborted. One that fails is missed: the next tells more. */
export async function checkInRegularly(
  session: ServerSession,
  incidentId: string,
  facts: () => Promise<NewCheckin>,
  everyMs: number,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await session.api.checkIn(incidentId, await facts(), { signal });
    } catch (error) {
      if (!signal.aborted)
        report({ event: 'checkin_missed', reason: error instanceof Error ? error.message : String(error) });
    }
    await wait(everyMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Charge of this machine's battery in percent, where Linux tells it; undefined elsewhere. */
export async function batteryPercent(folder = '/sys/class/power_supply'): Promise<number | undefined> {
  for (const name of await readdir(folder).catch(() => [])) {
    const text = await readFile(`${folder}/${name}/capacity`, 'utf8').catch(() => '');
    if (/^\d{1,3}\s*$/.test(text)) return Math.min(100, Number(text));
  }
  return undefined;
}
