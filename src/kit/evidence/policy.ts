import {
  type ConfirmedChunk,
  type QualityProfile,
  qualityProfiles,
  type VariantRole,
  variantRoles,
} from './evidence.ts';
import { contains } from './timeline.ts';

/** A change of any rule of this file is a new number beside this one: manifests and decisions say which they were made with. */
export const policyVersion = 1;

/** What belongs to the moment, but is neither picture nor sound. */
export function isContext({ role }: Pick<ConfirmedChunk, 'role'>): boolean {
  return role === 'location_context' || role === 'metadata_context';
}

/** Which media a role may be of, and in which quality: context has one profile, its own; picture and sound have the others. */
export function variantFits(
  role: VariantRole,
  quality: QualityProfile,
  mediaType: ConfirmedChunk['mediaType'],
): boolean {
  const fits = {
    evidence_master: mediaType === 'audio' || mediaType === 'video',
    live_preview: mediaType === 'audio' || mediaType === 'video',
    audio_priority: mediaType === 'audio',
    location_context: mediaType === 'location',
    metadata_context: mediaType === 'metadata',
  };
  return fits[role] && (isContext({ role }) ? quality === role : !quality.endsWith('_context'));
}

/** Less is better: the role decides, within a role the quality. */
export function rankOf({ role, quality }: Pick<ConfirmedChunk, 'role' | 'quality'>): number {
  return variantRoles.indexOf(role) * qualityProfiles.length + qualityProfiles.indexOf(quality);
}

export type Replacement = 'replaces' | 'not_allowed' | 'loses_time' | 'loses_media' | 'loses_context';

/** `preserved`: hashes of the confirmed context chunks of the group. */
export function judgeReplacement(
  better: ConfirmedChunk,
  lesser: ConfirmedChunk,
  preserved: ReadonlySet<string>,
): Replacement {
  if (isContext(better) || isContext(lesser) || rankOf(better) >= rankOf(lesser)) return 'not_allowed';
  if (!contains(better, lesser)) return 'loses_time';
  // Sound is taken to be in the pictures of a master; nowhere else is one kind of media known to hold another.
  const holds =
    better.mediaType === lesser.mediaType ||
    (better.role === 'evidence_master' && better.mediaType === 'video' && lesser.mediaType === 'audio');
  if (!holds) return 'loses_media';
  const { contextDigest } = lesser;
  const kept = contextDigest === null || contextDigest === better.contextDigest || preserved.has(contextDigest);
  return kept ? 'replaces' : 'loses_context';
}
