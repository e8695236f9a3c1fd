import { mediaType } from '#client/api/wire.ts';
import { type Infer, object, oneOf, optional, text } from '#client/shape.ts';
import { readStateAs, stateFields } from './state-file.ts';

const shape = object({
  ...stateFields,
  media_type: mediaType,
  provisional_stream_id: text,
  stream_id: optional(text),
  delivery: oneOf('open', 'completed', 'failed', 'closed'),
});
export type RecordingState = Infer<typeof shape>;

/** Throws RecorderError `state_missing` or `state_damaged`. */
export function readState(folder: string): Promise<RecordingState> {
  return readStateAs(shape, folder);
}
