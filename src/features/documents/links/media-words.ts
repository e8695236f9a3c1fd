const exact: Record<string, string> = {
  'application/pdf': 'PDF document',
  'application/zip': 'ZIP archive',
  'text/plain': 'Text',
  'text/markdown': 'Text',
  'text/csv': 'Table (CSV)',
  'text/html': 'Web page',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'Word document',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'Excel sheet',
};

const broad: Record<string, string> = { image: 'Image', audio: 'Sound', video: 'Video', text: 'Text' };

/** A media type for people; `File` where there is no word for it. */
export function mediaWords(mediaType: string): string {
  return exact[mediaType] ?? broad[mediaType.split('/')[0] ?? ''] ?? 'File';
}
