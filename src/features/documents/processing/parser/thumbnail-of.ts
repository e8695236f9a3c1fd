import sharp, { type Sharp } from 'sharp';
import { drawPage } from './draw-page.ts';
import { loadImage } from './image-loader.ts';
import type { ParserTask } from './parser-task.ts';

type ThumbnailTask = Extract<ParserTask, { kind: 'thumbnail' }>;

/** A small WebP without anything that the image says about itself. */
export async function thumbnailOf(bytes: Buffer, task: ThumbnailTask): Promise<{ webp: string }> {
  const image = await source(bytes, task);
  const small = image.resize(task.maxSide, task.maxSide, { fit: 'inside', withoutEnlargement: true });
  return { webp: (await small.webp({ quality: 80 }).toBuffer()).toString('base64') };
}

async function source(bytes: Buffer, task: ThumbnailTask): Promise<Sharp> {
  if (task.mediaType !== 'application/pdf') return await loadImage(bytes, task);
  const { png } = await drawPage(bytes, 1, { maxSide: task.maxSide, scale: Number.POSITIVE_INFINITY });
  return sharp(png);
}
