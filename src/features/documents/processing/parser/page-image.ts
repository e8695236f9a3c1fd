import { drawPage } from './draw-page.ts';
import { loadImage } from './image-loader.ts';
import type { ParserTask } from './parser-task.ts';

type PageTask = Extract<ParserTask, { kind: 'page' }>;

/** 200 dots an inch, a point being a 72nd of one: what recognition of characters does well with. */
const scale = 200 / 72;

/** A page as the recognition of characters gets it: a grey PNG that was made here, and never the document's own bytes. */
export async function pageImage(bytes: Buffer, task: PageTask): Promise<{ png: string; pages: number }> {
  if (task.mediaType === 'application/pdf') {
    const { png, pages } = await drawPage(bytes, task.page, { maxSide: task.maxSide, scale });
    return { png: png.toString('base64'), pages };
  }
  const image = await loadImage(bytes, task, task.page - 1);
  const { pages = 1 } = task.mediaType === 'image/tiff' ? await image.metadata() : {};
  const grey = image
    .resize(task.maxSide, task.maxSide, { fit: 'inside', withoutEnlargement: true })
    .flatten({ background: 'white' })
    .greyscale();
  return { png: (await grey.png().toBuffer()).toString('base64'), pages };
}
