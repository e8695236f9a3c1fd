import { z } from 'zod';
import { optionalText } from '#http/check.ts';
import * as reply from '#http/reply.ts';
import { type Route, route } from '#http/route.ts';
import { newId } from '#kit/ids.ts';
import { timestamp } from '#kit/time.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { incidentFor } from '../incident-access.ts';
import { checkinJson, checkinShape } from './check-ins.json.ts';
import type { CheckinRow } from './check-ins.store.ts';
import { createCheckinTransaction } from './check-ins.transactions.ts';

/** What phones report is taken as it is: a wrong place is still what the device said. Only numbers must be numbers. */
const checkinFields = z.strictObject({
  device_battery_percent: z.number().int().min(-1_000_000).max(1_000_000).optional(),
  device_network: optionalText(100),
  latitude: z.number().optional(),
  longitude: z.number().optional(),
  accuracy_meters: z.number().optional(),
});

export function checkinRoutes(deps: { metadata: Metadata }): Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/incidents/:incident_id/checkins',
      summary: 'Record the state of the device',
      tag: 'Check-ins',
      access: 'account',
      limit: 'incident_write',
      json: checkinFields,
      jsonOptional: true,
      responses: { 201: { description: 'The check-in', json: checkinShape } },
      errors: ['incident_not_found', 'incident_closed', 'incident_deleting'],
      handle: async ({ caller, json, param }) => {
        const incident = await incidentFor(deps.metadata.read, caller, param('incident_id'));
        const now = Date.now();
        const checkin: CheckinRow = {
          id: newId('chi', now),
          incident_id: incident.id,
          created_at: timestamp(now),
          device_battery_percent: json.device_battery_percent ?? null,
          device_network: json.device_network ?? null,
          latitude: json.latitude ?? null,
          longitude: json.longitude ?? null,
          accuracy_meters: json.accuracy_meters ?? null,
        };
        await deps.metadata.write(createCheckinTransaction, checkin);
        return reply.json(201, checkinJson(checkin));
      },
    }),
  ];
}
