export interface CheckinsTable {
  id: string;
  incident_id: string;
  created_at: string;
  device_battery_percent: number | null;
  device_network: string | null;
  latitude: number | null;
  longitude: number | null;
  accuracy_meters: number | null;
}

declare module '#platform/metadata/metadata.ts' {
  interface Tables {
    checkins: CheckinsTable;
  }
}
