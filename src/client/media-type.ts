export const mediaTypes = ['audio', 'video', 'location', 'metadata'] as const;

/** What a stream carries. Fixed by the wire contract. */
export type MediaType = (typeof mediaTypes)[number];

export function isMediaType(value: string): value is MediaType {
  return mediaTypes.some((known) => known === value);
}
