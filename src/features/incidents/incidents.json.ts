import { z } from 'zod';
import { optionalText } from '#http/check.ts';
import type { IncidentRow } from './incident-access.ts';
import { incidentModes } from './incident-mode.ts';

const time = z.iso.datetime();

export const createIncidentFields = z.strictObject({
  client_label: optionalText(200),
  notes: optionalText(10_000),
  incident_mode: z.enum(incidentModes).optional(),
  capture_profile: z
    .enum(['audio_video_location', 'audio_location', 'location_checkin', 'note_or_attachment', 'custom'])
    .optional(),
  escalation_policy: z
    .enum(['none', 'trusted_contacts_on_start', 'trusted_contacts_on_missed_checkin', 'urgent_trusted_contact_alert'])
    .optional(),
  sharing_state: z
    .enum(['private', 'trusted_contact_access', 'public_link_created', 'legal_export_created', 'revoked_or_expired'])
    .optional(),
});

export const incidentShape = z
  .object({
    id: z.string(),
    owner_account_id: z.string().optional(),
    status: z.enum(['open', 'closed']),
    client_label: z.string().optional(),
    notes: z.string().optional(),
    incident_mode: z.string().optional(),
    capture_profile: z.string().optional(),
    escalation_policy: z.string().optional(),
    sharing_state: z.string().optional(),
    deletion_state: z.enum(['active', 'deletion_pending', 'deleting', 'deletion_failed', 'deleted']),
    created_at: time,
    updated_at: time,
    closed_at: time.optional(),
  })
  .meta({ id: 'Incident' });

type Labels = Pick<IncidentRow, 'incident_mode' | 'capture_profile' | 'escalation_policy' | 'sharing_state'>;

/** Only those that were given. */
export function labelsJson(incident: Labels) {
  return {
    ...(incident.incident_mode === null ? {} : { incident_mode: incident.incident_mode }),
    ...(incident.capture_profile === null ? {} : { capture_profile: incident.capture_profile }),
    ...(incident.escalation_policy === null ? {} : { escalation_policy: incident.escalation_policy }),
    ...(incident.sharing_state === null ? {} : { sharing_state: incident.sharing_state }),
  };
}

export function incidentJson(incident: IncidentRow): z.output<typeof incidentShape> {
  return {
    id: incident.id,
    ...(incident.owner_account_id === null ? {} : { owner_account_id: incident.owner_account_id }),
    status: incident.status,
    ...(incident.client_label === null ? {} : { client_label: incident.client_label }),
    ...(incident.notes === null ? {} : { notes: incident.notes }),
    ...labelsJson(incident),
    deletion_state: incident.deletion_state,
    created_at: incident.created_at,
    updated_at: incident.updated_at,
    ...(incident.closed_at === null ? {} : { closed_at: incident.closed_at }),
  };
}
