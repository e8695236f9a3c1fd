import { z } from 'zod';
import type { CheckinRow } from './check-ins.store.ts';

export const checkinShape = z
  .object({
    id: z.string(),
    incident_id: z.string(),
    created_at: z.iso.datetime(),
    device_battery_percent: z.number().int().optional(),
    device_network: z.string().optional(),
    latitude: z.number().optional(),
    longitude: z.number().optional(),
    accuracy_meters: z.number().optional(),
  })
  .meta({ id: 'CheckIn' });

export function checkinJson(checkin: CheckinRow): z.output<typeof checkinShape> {
  return {
    id: checkin.id,
    incident_id: checkin.incident_id,
    created_at: checkin.created_at,
    ...(checkin.device_battery_percent === null ? {} : { device_battery_percent: checkin.device_battery_percent }),
    ...(checkin.device_network === null ? {} : { device_network: checkin.device_network }),
    ...(checkin.latitude === null ? {} : { latitude: checkin.latitude }),
    ...(checkin.longitude === null ? {} : { longitude: checkin.longitude }),
    ...(checkin.accuracy_meters === null ? {} : { accuracy_meters: checkin.accuracy_meters }),
  };
}
