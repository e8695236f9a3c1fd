import { RecorderError } from '../recorder-error.ts';
import { type FfmpegSpec, ffmpegSource, isLive } from './ffmpeg.ts';
import { requireFfmpeg } from './ffmpeg-process.ts';
import { type FilesSpec, type FolderSpec, filesSource, folderSource, sizeOfFiles } from './files.ts';
import { type GeneratedSpec, generatedSource } from './generated.ts';
import type { Source } from './source.ts';

/** What a recording is of. Kept in the state folder as JSON, so that a recording can go on after an interruption. */
export type SourceSpec = GeneratedSpec | FilesSpec | FolderSpec | FfmpegSpec;

/** Checks what can be checked before anything is created. Throws RecorderError `no_input` or `ffmpeg_missing`. */
export async function openSource(spec: SourceSpec): Promise<Source> {
  if (spec.kind === 'generated') return generatedSource(spec);
  if (spec.kind === 'files') return filesSource(spec, await sizeOfFiles(spec.paths));
  if (spec.kind === 'folder') return folderSource(spec);
  await requireFfmpeg(spec.program);
  return ffmpegSource(spec);
}

export function parseSourceSpec(json: string): SourceSpec {
  const value: unknown = JSON.parse(json);
  if (typeof value === 'object' && value !== null && 'kind' in value) {
    // Written by this program from a SourceSpec; `kind` says that it is one, and the folder is the user's own.
    if (['generated', 'files', 'folder', 'ffmpeg'].includes(String(value.kind))) return value as SourceSpec;
  }
  throw new RecorderError('state_damaged', 'The state folder does not say what was recorded.');
}

/** True when what is not captured now is lost: then an interrupted recording goes on with what happens later. */
export function isLiveSource(spec: SourceSpec): boolean {
  return spec.kind === 'ffmpeg' && isLive(spec);
}
