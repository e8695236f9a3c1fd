/** Text that comes from elsewhere, in one line: whatever could steer a terminal is shown as its code. */
export function showName(name: string): string {
  return name.replace(
    /[\p{Cc}\p{Bidi_C}]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
