import { fromBase64Url, toBase64Url } from '#kit/bytes.ts';
import { Problem } from '#kit/errors.ts';
import type { LineageCaller } from '../identity/identity.ts';
import type { ServiceKey } from '../record/names.ts';
import type { RunLine } from '../record/run-line.ts';
import type { RunStore } from '../stores/run-store.ts';

export interface ServiceWithLatest extends ServiceKey {
  /** Absent while the first run is on its way. */
  latest?: RunLine;
}

export interface ServicePage {
  services: ServiceWithLatest[];
  next_cursor?: string;
}

/** Those that the caller may read, in order of their names. */
export async function listServices(
  store: RunStore,
  caller: LineageCaller,
  { cursor, limit }: { limit: number; cursor?: string | undefined },
): Promise<ServicePage> {
  const after = decode(cursor);
  const keys: ServiceKey[] = [];
  for await (const key of store.services()) {
    if (after !== undefined && nameOf(key) <= after) continue;
    if (!caller.may('read', key)) continue;
    keys.push(key);
    if (keys.length > limit) break;
  }
  const page = keys.slice(0, limit);
  const services = await Promise.all(
    page.map(async (key) => {
      const latest = await store.latest(key);
      return { ...key, ...(latest === undefined ? {} : { latest }) };
    }),
  );
  const last = page.at(-1);
  return keys.length > limit && last !== undefined ? { services, next_cursor: encode(nameOf(last)) } : { services };
}

/** Sorts as the three names do: the space is below every letter of a name. */
function nameOf({ organization, project, service }: ServiceKey): string {
  return `${organization} ${project} ${service}`;
}

function encode(name: string): string {
  return toBase64Url(new TextEncoder().encode(`1:${name}`));
}

function decode(cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  const text = new TextDecoder().decode(fromBase64Url(cursor));
  if (!/^1:[a-z0-9-]+ [a-z0-9-]+ [a-z0-9-]+$/.test(text)) throw new Problem('invalid_cursor');
  return text.slice(2);
}
