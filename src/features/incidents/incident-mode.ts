/** What an incident is for, as its client said when it was opened. Only retention asks for it. */
export const incidentModes = ['emergency', 'interaction_record', 'safety_check', 'evidence_note'] as const;

export type IncidentMode = (typeof incidentModes)[number];
