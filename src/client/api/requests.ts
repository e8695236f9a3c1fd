import type { QualityProfile, UploadPriority, VariantRole } from '#kit/evidence/evidence.ts';
import type { MediaType } from '../media-type.ts';

export interface NewIncident {
  readonly client_label?: string;
  readonly notes?: string;
  readonly incident_mode?: 'emergency' | 'interaction_record' | 'safety_check' | 'evidence_note';
  readonly capture_profile?:
    | 'audio_video_location'
    | 'audio_location'
    | 'location_checkin'
    | 'note_or_attachment'
    | 'custom';
  readonly escalation_policy?:
    | 'none'
    | 'trusted_contacts_on_start'
    | 'trusted_contacts_on_missed_checkin'
    | 'urgent_trusted_contact_alert';
  readonly sharing_state?:
    | 'private'
    | 'trusted_contact_access'
    | 'public_link_created'
    | 'legal_export_created'
    | 'revoked_or_expired';
}

export interface NewCheckin {
  readonly device_battery_percent?: number;
  readonly device_network?: string;
  readonly latitude?: number;
  readonly longitude?: number;
  readonly accuracy_meters?: number;
}

/** What makes a stream a variant of a capture group. */
export interface Variant {
  readonly capture_stream_group_id: string;
  readonly variant_role: VariantRole;
  readonly quality_profile: QualityProfile;
  readonly upload_priority: UploadPriority;
}

export interface NewCaptureGroup {
  /** The client's name for what records: the server compares it and never reads it. */
  readonly capture_source_id: string;
  readonly source_clock_id?: string;
  readonly source_timeline_hash?: string;
  readonly label?: string;
}

export interface NewStream extends Partial<Variant> {
  readonly media_type: MediaType;
  readonly label?: string;
}
