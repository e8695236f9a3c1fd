/** One request of a client, as capture-openlineage.ts keeps it. */
export interface CapturedRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  /** Base64. */
  body: string;
}
