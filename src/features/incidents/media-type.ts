import { z } from 'zod';

export const mediaTypes = ['audio', 'video', 'location', 'metadata'] as const;

export type MediaType = (typeof mediaTypes)[number];

/** Its error message is the code that the contract gives. */
export const mediaTypeShape = z.enum(mediaTypes, { error: 'invalid_media_type' }).meta({ id: 'MediaType' });

export function isMediaType(value: string): value is MediaType {
  return mediaTypes.some((type) => type === value);
}
