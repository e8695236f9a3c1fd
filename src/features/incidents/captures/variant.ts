import { z } from 'zod';
import { Problem } from '#kit/errors.ts';
import { qualityProfiles, uploadPriorities, variantRoles } from '#kit/evidence/evidence.ts';
import { variantFits } from '#kit/evidence/policy.ts';
import type { MediaType } from '../media-type.ts';
import type { StreamRow } from '../streams/streams.store.ts';

const error = 'invalid_variant';

/** What makes a stream a variant of a group: all of it or nothing. */
export const variantShape = z.object({
  capture_stream_group_id: z.string({ error }).max(128, error).describe('The capture group, `cgr_…`'),
  variant_role: z.enum(variantRoles, { error }),
  quality_profile: z.enum(qualityProfiles, { error }),
  upload_priority: z.enum(uploadPriorities, { error }),
});

type VariantFields = z.output<typeof variantShape>;
type VariantColumns = Pick<StreamRow, 'capture_group_id' | 'variant_role' | 'quality_profile' | 'upload_priority'>;

/** Throws invalid_variant for a part of it, and for a role that its media type cannot have. */
export function parseVariant(
  {
    capture_stream_group_id,
    variant_role,
    quality_profile,
    upload_priority,
  }: { [Field in keyof VariantFields]?: VariantFields[Field] | undefined },
  mediaType: MediaType,
): VariantColumns {
  const given = [capture_stream_group_id, variant_role, quality_profile, upload_priority];
  if (given.every((value) => value === undefined))
    return { capture_group_id: null, variant_role: null, quality_profile: null, upload_priority: null };
  if (
    capture_stream_group_id === undefined ||
    variant_role === undefined ||
    quality_profile === undefined ||
    upload_priority === undefined
  )
    throw new Problem('invalid_variant');
  if (!variantFits(variant_role, quality_profile, mediaType)) throw new Problem('invalid_variant');
  return { capture_group_id: capture_stream_group_id, variant_role, quality_profile, upload_priority };
}

export function variantJson(stream: VariantColumns): Partial<VariantFields> {
  const { capture_group_id, variant_role, quality_profile, upload_priority } = stream;
  if (capture_group_id === null || variant_role === null || quality_profile === null || upload_priority === null)
    return {};
  return { capture_stream_group_id: capture_group_id, variant_role, quality_profile, upload_priority };
}
