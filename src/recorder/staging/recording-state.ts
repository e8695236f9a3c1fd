import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mediaType } from '#client/api/wire.ts';
import { flag, type Infer, object, oneOf, optional, read, text, whole } from '#client/shape.ts';
import { hasCode, RecorderError } from '../recorder-error.ts';
import { writeDurably } from './durable-file.ts';

const fileName = 'recording.json';

const shape = object({
  version: oneOf('1'),
  /** Names the recording in the labels on the server, so that one created by a lost answer is found again. */
  recording_id: text,
  created_at: text,
  server: optional(text),
  username: optional(text),
  media_type: mediaType,
  client_label: text,
  stream_label: optional(text),
  key_file: text,
  key_id: text,
  /** Bound into chunks that are sealed before the server has given ids. */
  provisional_incident_id: text,
  provisional_stream_id: text,
  incident_id: optional(text),
  stream_id: optional(text),
  /** The source as JSON, in the words of its module. */
  source: text,
  capture: oneOf('running', 'ended', 'failed'),
  capture_error: optional(text),
  checkin_ms: whole(0),
  wants_link: flag,
  wants_close: flag,
  complete_partial: flag,
  delivery: oneOf('open', 'completed', 'failed', 'closed'),
});
export type RecordingState = Infer<typeof shape>;

/** Throws RecorderError `state_missing` or `state_damaged`. */
export async function readState(folder: string): Promise<RecordingState> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(join(folder, fileName), 'utf8'));
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) {
      throw new RecorderError(
        'state_missing',
        'There is no recording in that folder. Give the state folder that `proofline record` printed.',
      );
    }
    throw new RecorderError('state_damaged', 'recording.json in the state folder cannot be read.', { cause: error });
  }
  const result = read(shape, json);
  if ('value' in result) return result.value;
  throw new RecorderError(
    'state_damaged',
    `recording.json in the state folder is not valid: ${result.problems.join('; ')}.`,
  );
}

export async function writeState(folder: string, state: RecordingState): Promise<void> {
  await writeDurably(folder, fileName, `${JSON.stringify(state, undefined, 2)}\n`);
}
