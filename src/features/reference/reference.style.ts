import { palette } from '#http/pages/palette.ts';

/** Served as a file of its own, so that the page needs no inline style. */
export const referenceStyle = `:root {
${palette}
  --get: light-dark(#0a5c4a, #66d9b8);
  --post: light-dark(#5b3fa8, #b7a1ff);
  --put: light-dark(#8a4b00, #f0b35c);
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body {
  margin: 0 auto; max-width: 82rem; padding: 0 1rem 4rem;
  font: 1rem/1.55 system-ui, sans-serif; color: var(--text); background: var(--ground);
}
a { color: var(--link); }
a:focus-visible, summary:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--ground); padding: .5rem; }
h1 { font-size: 1.6rem; margin: 1.5rem 0 .25rem; }
h2 { font-size: 1.3rem; margin: 2.5rem 0 .75rem; }
h3 { font-size: 1.1rem; margin: 0; }
h3 a { color: inherit; text-decoration: none; }
h3 a:hover { text-decoration: underline; }
h4 { font-size: .95rem; margin: 1.25rem 0 .35rem; }
header p { margin: 0 0 1rem; color: var(--quiet); }
nav { font-size: .9rem; border: 1px solid var(--line); border-radius: .5rem; padding: .25rem 1rem; }
nav details { margin: 0; }
nav summary { padding: .5rem 0; color: var(--text); font-weight: 600; }
nav h2 { font-size: .9rem; margin: .75rem 0 .1rem; }
nav ul { margin: 0; padding: 0; list-style: none; }
nav a { display: block; padding: .3rem 0; text-decoration: none; }
nav a:hover { text-decoration: underline; }
article { border: 1px solid var(--line); border-radius: .5rem; padding: 1rem; margin: 0 0 1rem; }
article:target, tr:target { border-color: var(--link); background: var(--raised); }
.route { margin: .5rem 0 0; overflow-wrap: anywhere; }
.facts { margin: .25rem 0; color: var(--quiet); font-size: .9rem; }
.method { font: 700 .85rem/1 ui-monospace, monospace; }
.get { color: var(--get); } .post { color: var(--post); } .put, .delete { color: var(--put); }
.status { font: 700 .85rem/1 ui-monospace, monospace; }
.ok { color: var(--get); }
.optional { color: var(--quiet); font-size: .8rem; }
code { font: .875em/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
pre { margin: .5rem 0; padding: .75rem; overflow-x: auto; background: var(--raised); border-radius: .4rem; }
pre code { overflow-wrap: normal; }
table { width: 100%; border-collapse: collapse; font-size: .9rem; margin: .35rem 0; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
th { text-align: left; font-weight: 600; color: var(--quiet); }
th, td { padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
table { table-layout: fixed; }
th:first-child { width: 32%; }
th:nth-child(2) { width: 20%; }
td { overflow-wrap: anywhere; }
details { margin: .5rem 0; }
summary { cursor: pointer; color: var(--quiet); font-size: .9rem; padding: .25rem 0; }
@media (min-width: 60rem) {
  body { display: grid; grid-template-columns: 16rem minmax(0, 1fr); column-gap: 2.5rem; align-items: start; }
  header { grid-column: 1 / -1; }
  nav { position: sticky; top: 1rem; max-height: calc(100vh - 2rem); overflow-y: auto; }
  nav a { padding: .12rem 0; }
  /* Wide enough to have the contents always open. */
  nav details::details-content { content-visibility: visible; display: block; }
  nav summary { list-style: none; pointer-events: none; }
  main > section:first-child > h2 { margin-top: 0; }
}
@media (max-width: 40rem) {
  thead { display: none; }
  tr { display: block; padding: .4rem 0; border-bottom: 1px solid var(--line); }
  td { display: block; border: 0; padding: .1rem 0; }
  td:empty { display: none; }
}
@media print { nav, .skip { display: none; } details::details-content { content-visibility: visible; } }
`;
