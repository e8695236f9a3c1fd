import { mediaType } from '#client/api/wire.ts';
import { type Infer, list, object, oneOf, optional, text, whole } from '#client/shape.ts';
import { variantNames } from '../capture/variants.ts';
import { readStateAs, stateFields } from './state-file.ts';

const variant = object({
  name: oneOf(...variantNames),
  media_type: mediaType,
  provisional_stream_id: text,
  stream_id: optional(text),
  delivery: oneOf('open', 'completed', 'failed'),
});
export type VariantState = Infer<typeof variant>;

const shape = object({
  ...stateFields,
  capture_group_id: optional(text),
  /** Bytes that may wait in the folder; absent for as many as the disk has room for. */
  max_staging: optional(whole(1)),
  variants: list(variant),
});
export type CaptureState = Infer<typeof shape>;

/** Throws RecorderError `state_missing` or `state_damaged`. */
export function readCaptureState(folder: string): Promise<CaptureState> {
  return readStateAs(shape, folder);
}
