import { bytes, duration, integer, type Settings, text, type ValuesOf } from '#platform/process/setting.ts';

export const processingSettings = {
  timeoutMs: duration({
    env: 'SAFE_PROCESSING_TIMEOUT',
    doc: 'How long one step on one document may take: reading its text, drawing a page, recognising the characters on a page.',
    default: '60s',
    atLeast: '1s',
  }),
  memoryBytes: bytes({
    env: 'SAFE_PROCESSING_MEMORY',
    doc: 'Memory that such a step may use, beside that of the runtime itself. Several may run at once.',
    default: '512MiB',
    atLeast: 64 * 1024 * 1024,
  }),
  maxInputBytes: bytes({
    env: 'SAFE_PROCESSING_MAX_INPUT_BYTES',
    doc: 'Documents that are larger are kept, but not opened. Of plain text, the beginning is read however long it is.',
    default: '128MiB',
    atLeast: 1024 * 1024,
  }),
  ocrLanguages: text({
    env: 'SAFE_OCR_LANGUAGES',
    doc: 'Languages that tesseract looks for, as it names them: `eng+deu`. Those that are not installed are left out.',
    default: 'eng+deu',
    expected: 'names of languages joined by +, like eng+deu',
    pattern: /^[a-z][a-z_]{1,31}(\+[a-z][a-z_]{1,31}){0,15}$/i,
  }),
  ocrPages: integer({
    env: 'SAFE_OCR_PAGES',
    doc: 'Pages of one document, from its first, whose characters are recognised. 0: none.',
    default: '50',
    min: 0,
    max: 10_000,
  }),
} satisfies Settings;

export type ProcessingConfig = ValuesOf<typeof processingSettings>;
