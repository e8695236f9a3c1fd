import { openPdf } from './open-pdf.ts';
import { ParserGaveUp } from './parser-task.ts';

export interface DrawingSize {
  /** Of the longer side. Pixels. */
  maxSide: number;
  /** Pixels for each of the page's points, where that makes it no longer. */
  scale: number;
}

/** The part of @napi-rs/canvas that is used; the library brings it along, but is typed for browsers. */
interface Drawn {
  canvas: { toBuffer(type: 'image/png'): Buffer };
}

/** One page on white, as PNG. */
export async function drawPage(
  bytes: Buffer,
  number: number,
  size: DrawingSize,
): Promise<{ png: Buffer; pages: number }> {
  const pdf = await openPdf(bytes, true);
  if (number > pdf.numPages) throw new ParserGaveUp('unreadable');
  const page = await pdf.getPage(number);
  const { width, height } = page.getViewport({ scale: 1 });
  const scale = Math.min(size.scale, size.maxSide / Math.max(width, height));
  if (!Number.isFinite(scale) || scale <= 0) throw new ParserGaveUp('unreadable');
  const viewport = page.getViewport({ scale });
  const side = (length: number) => Math.max(1, Math.round(length));
  // The factory of Node's build makes canvases of that other library.
  const factory = pdf.canvasFactory as { create(width: number, height: number): Drawn };
  const { canvas } = factory.create(side(viewport.width), side(viewport.height));
  // Hence a canvas to it as good as a browser's.
  type BrowserCanvas = Parameters<typeof page.render>[0]['canvas'];
  await page.render({ canvas: canvas as unknown as BrowserCanvas, viewport, background: 'white' }).promise;
  return { png: canvas.toBuffer('image/png'), pages: pdf.numPages };
}
