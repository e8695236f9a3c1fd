import sharp, { type Sharp } from 'sharp';
import { ParserGaveUp } from './parser-task.ts';

/** What may be decoded, and by which part of libvips. Everything else is switched off: it can read far more than anybody wants here. */
const loaders: Record<string, string> = {
  'image/png': 'VipsForeignLoadPngBuffer',
  'image/jpeg': 'VipsForeignLoadJpegBuffer',
  'image/webp': 'VipsForeignLoadWebpBuffer',
  'image/gif': 'VipsForeignLoadNsgifBuffer',
  'image/tiff': 'VipsForeignLoadTiffBuffer',
  'image/avif': 'VipsForeignLoadHeifBuffer',
};

export interface ImageLimits {
  mediaType: string;
  maxPixels: number;
}

/** The image, upright, still to be decoded; only as the type that it was told to be, by this process's only decoder. */
export async function loadImage(bytes: Buffer, { mediaType, maxPixels }: ImageLimits, page = 0): Promise<Sharp> {
  const loader = loaders[mediaType];
  if (loader === undefined) throw new ParserGaveUp('unsupported');
  sharp.cache(false);
  sharp.concurrency(1);
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: [loader] });
  const options = { limitInputPixels: maxPixels, failOn: 'error', sequentialRead: true, page } as const;
  const image = sharp(bytes, options);
  // Read from the header, so that nothing is decoded of what is too large.
  const { width, height } = await sharp(bytes, { ...options, limitInputPixels: false }).metadata();
  if (width * height > maxPixels) throw new ParserGaveUp('too_large');
  return image.autoOrient();
}
