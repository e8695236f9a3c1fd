import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { flag, object, oneOf, optional, type Reader, read, text, whole } from '#client/shape.ts';
import { hasCode, RecorderError } from '../recorder-error.ts';
import { writeDurably } from './durable-file.ts';

export const stateFile = 'recording.json';

/** What every recording has to know of itself to go on after a kill. */
export const stateFields = {
  version: oneOf('1'),
  /** Names the recording in the labels on the server, so that one created by a lost answer is found again. */
  recording_id: text,
  created_at: text,
  server: optional(text),
  username: optional(text),
  client_label: text,
  stream_label: optional(text),
  key_file: text,
  key_id: text,
  /** Bound into chunks that are sealed before the server has given ids. */
  provisional_incident_id: text,
  incident_id: optional(text),
  /** The source as JSON, in the words of its module. */
  source: text,
  capture: oneOf('running', 'ended', 'failed'),
  capture_error: optional(text),
  checkin_ms: whole(0),
  wants_link: flag,
  wants_close: flag,
  complete_partial: flag,
};

/** The JSON of the state folder, whatever the kind of its recording. Throws RecorderError `state_missing` or `state_damaged`. */
async function readStateFile(folder: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(join(folder, stateFile), 'utf8'));
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) {
      throw new RecorderError(
        'state_missing',
        'There is no recording in that folder. Give the state folder that `proofline record` printed.',
      );
    }
    throw new RecorderError('state_damaged', 'recording.json in the state folder cannot be read.', { cause: error });
  }
}

/** Throws RecorderError `state_missing` or `state_damaged`. */
export async function readStateAs<T>(shape: Reader<T>, folder: string): Promise<T> {
  const result = read(shape, await readStateFile(folder));
  if ('value' in result) return result.value;
  throw new RecorderError(
    'state_damaged',
    `recording.json in the state folder is not valid: ${result.problems.join('; ')}.`,
  );
}

/** Whether the folder's recording is a capture of several variants. Throws RecorderError `state_missing` or `state_damaged`. */
export async function isCapture(folder: string): Promise<boolean> {
  const json = await readStateFile(folder);
  return typeof json === 'object' && json !== null && 'variants' in json;
}

/** Who began it, if that was a name. Throws RecorderError `state_missing` or `state_damaged`. */
export async function usernameIn(folder: string): Promise<string | undefined> {
  return (await readStateAs(object({ username: optional(text) }), folder)).username;
}

export async function writeState(folder: string, state: object): Promise<void> {
  await writeDurably(folder, stateFile, `${JSON.stringify(state, undefined, 2)}\n`);
}
