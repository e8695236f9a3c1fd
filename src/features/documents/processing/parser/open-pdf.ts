import { fileURLToPath } from 'node:url';
import type { PDFDocumentProxy } from 'pdfjs-dist';
import { ParserGaveUp } from './parser-task.ts';

/** Enough for the library to load where no canvas is; only drawing asks more of it. */
class Matrix {
  a = 1;
  b = 0;
  c = 0;
  d = 1;
  e = 0;
  f = 0;
}

/** With `drawing`, a canvas is there: the child may load native code then. */
export async function openPdf(bytes: Buffer, drawing: boolean): Promise<PDFDocumentProxy> {
  if (!drawing) Object.assign(globalThis, { DOMMatrix: Matrix, Path2D: Matrix, ImageData: Matrix });
  const { getDocument, VerbosityLevel } = await import('pdfjs-dist/legacy/build/pdf.mjs');
  const beside = (folder: string) =>
    fileURLToPath(new URL(`../../${folder}/`, import.meta.resolve('pdfjs-dist/legacy/build/pdf.mjs')));
  try {
    return await getDocument({
      data: new Uint8Array(bytes),
      verbosity: VerbosityLevel.ERRORS,
      cMapUrl: beside('cmaps'),
      standardFontDataUrl: beside('standard_fonts'),
      wasmUrl: beside('wasm'),
      iccUrl: beside('iccs'),
      disableFontFace: true,
      useSystemFonts: false,
      enableXfa: false,
      maxImageSize: 64 * 1024 * 1024,
    }).promise;
  } catch (cause) {
    const isLocked = cause instanceof Error && cause.name === 'PasswordException';
    throw isLocked ? new ParserGaveUp('protected', { cause }) : cause;
  }
}
