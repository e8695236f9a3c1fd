import { z } from 'zod';
import type { RemotePath } from '../remote/remote-path.ts';

export interface ImportWish {
  path: RemotePath;
  /** Null: where documents without a folder are. */
  folderId: string | null;
}

/** What a job has written down of itself: what was asked for, and beside it what came of it. */
const inputShape = z.object({ path: z.string().optional(), folder_id: z.string().nullable().optional() });

export function wishToInput({ folderId, path }: ImportWish): string {
  return JSON.stringify({ path, folder_id: folderId });
}

export function wishOf(input: string | null): ImportWish {
  const { folder_id = null, path = '' } = inputShape.parse(JSON.parse(input ?? '{}'));
  return { path, folderId: folder_id };
}
