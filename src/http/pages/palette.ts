/** What the pages without style files of their own have in common: for the `:root` of their style. */
export const palette = `  color-scheme: light dark;
  --text: light-dark(#1b1f24, #e6e9ee);
  --quiet: light-dark(#57606a, #9aa4b2);
  --ground: light-dark(#ffffff, #14171c);
  --raised: light-dark(#f5f6f8, #1d2229);
  --line: light-dark(#d8dde3, #333b46);
  --link: light-dark(#0b57b0, #7db4ff);`;
