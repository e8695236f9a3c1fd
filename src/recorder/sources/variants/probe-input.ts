import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { RecorderError } from '../../recorder-error.ts';

export interface InputFacts {
  readonly video: boolean;
  readonly audio: boolean;
  /** Undefined for what has no end that is known: a device, a live stream. */
  readonly lengthMs: number | undefined;
}

/** What ffmpeg finds in an input, without recording any of it. Throws RecorderError `no_input` when it cannot be opened. */
export async function probeInput(program: string, inputArguments: readonly string[]): Promise<InputFacts> {
  // Without an output ffmpeg describes the input, complains, and ends.
  const child = spawn(program, ['-hide_banner', '-nostdin', ...inputArguments], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let told = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    told = (told + part).slice(0, 100_000);
  });
  await once(child, 'close');
  const facts = readDescription(told);
  if (facts.video || facts.audio) return facts;
  throw new RecorderError(
    'no_input',
    `ffmpeg finds neither picture nor sound there. It said: ${told.trim().slice(-500)}`,
  );
}

export function readDescription(text: string): InputFacts {
  const [, hours = '', minutes = '', seconds = ''] = /Duration: (\d+):(\d{2}):(\d{2}(?:\.\d+)?)/.exec(text) ?? [];
  const length = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  // A cover picture in a sound file is no moving picture.
  const has = (kind: string) => new RegExp(`^\\s*Stream #0:\\d+.*: ${kind}: (?!.*\\(attached pic\\))`, 'm').test(text);
  return { video: has('Video'), audio: has('Audio'), lengthMs: length > 0 ? Math.round(length * 1000) : undefined };
}
