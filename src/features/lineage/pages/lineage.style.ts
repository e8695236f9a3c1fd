import { palette } from '#http/pages/palette.ts';

/** Served as a file of its own, so that the pages need no inline style. */
export const lineageStyle = `:root {
${palette}
  --added: light-dark(#0a5c4a, #66d9b8);
  --removed: light-dark(#a02b2b, #ff9d9d);
  --changed: light-dark(#8a4b00, #f0b35c);
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 72rem; padding: 0 1rem 4rem;
  font: 1rem/1.55 system-ui, sans-serif; color: var(--text); background: var(--ground);
}
a { color: var(--link); }
a:focus-visible, button:focus-visible, input:focus-visible, pre:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--ground); padding: .5rem; }
main:focus { outline: none; }
header nav { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; align-items: center; padding: .75rem 0; }
header nav:first-child { border-bottom: 1px solid var(--line); }
header form { margin: 0 0 0 auto; }
.home { font-weight: 700; color: inherit; text-decoration: none; }
.trail ol { display: flex; flex-wrap: wrap; gap: .25rem .5rem; margin: 0; padding: 0; list-style: none; font-size: .9rem; }
.trail li + li::before { content: "/"; color: var(--quiet); padding-right: .5rem; }
.trail li { overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; margin: 1rem 0; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
code { font: .9em/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
.quiet { color: var(--quiet); font-size: .9rem; }
.empty { padding: 2rem 0; color: var(--quiet); }
.visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
table { width: 100%; border-collapse: collapse; }
th, td { text-align: left; vertical-align: top; padding: .6rem .75rem .6rem 0; border-bottom: 1px solid var(--line); }
thead th { font-size: .85rem; color: var(--quiet); font-weight: 600; }
tbody th { font-weight: 600; }
tbody th .quiet { display: block; font-weight: 400; }
button { font: inherit; padding: .4rem .9rem; border: 1px solid var(--line); border-radius: .4rem; background: var(--raised); color: inherit; cursor: pointer; min-height: 2.5rem; }
button.plain { border: 0; background: none; color: var(--link); text-decoration: underline; padding: .25rem; }
input { font: inherit; padding: .4rem .6rem; border: 1px solid var(--quiet); border-radius: .4rem; background: var(--ground); color: inherit; min-height: 2.5rem; max-width: 100%; }
.filter { display: flex; flex-wrap: wrap; gap: .75rem 1rem; align-items: end; margin: 0 0 1.5rem; }
.filter label { display: flex; flex-direction: column; gap: .2rem; font-size: .85rem; color: var(--quiet); max-width: 100%; }
.sign-in { display: flex; flex-direction: column; gap: .6rem; max-width: 26rem; margin: 1.5rem 0; align-items: start; }
.sign-in input { width: 100%; }
.wrong { margin: 0; color: var(--removed); font-weight: 600; }
.facts { display: flex; flex-wrap: wrap; gap: .75rem 2rem; margin: 0 0 1rem; }
.facts div { min-width: 0; }
.facts .wide { flex-basis: 100%; }
.facts dt { font-size: .85rem; color: var(--quiet); }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.timeline, .changes { margin: 0; padding: 0; list-style: none; }
.timeline li { border-left: 3px solid var(--line); padding: .1rem 0 .1rem 1rem; margin: 0 0 1rem; }
.timeline li.downstream { border-color: var(--removed); }
.timeline li.unknown { border-color: var(--changed); }
.timeline li.self_only { border-color: var(--added); }
.timeline p, .changes p { margin: 0; overflow-wrap: anywhere; }
.impact { display: inline-block; font-size: .85rem; padding: 0 .5rem; border: 1px solid currentcolor; border-radius: 1rem; color: var(--quiet); }
.impact.downstream { color: var(--removed); }
.impact.unknown { color: var(--changed); }
.impact.self_only { color: var(--added); }
.changes li { border: 1px solid var(--line); border-radius: .5rem; padding: .75rem 1rem; margin: 0 0 .75rem; }
.changes .add strong { color: var(--added); }
.changes .remove strong { color: var(--removed); }
.changes .replace strong, .changes .order strong { color: var(--changed); }
.changes .before, .changes .after { display: flex; gap: .5rem; margin-top: .35rem; }
.changes .before::before { content: "−"; color: var(--removed); font-weight: 700; }
.changes .after::before { content: "+"; color: var(--added); font-weight: 700; }
.value { white-space: pre-wrap; }
pre { background: var(--raised); border: 1px solid var(--line); border-radius: .5rem; padding: 1rem; overflow: auto; max-height: 40rem; font: .85rem/1.5 ui-monospace, monospace; }
@media (max-width: 44rem) {
  thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
  tr { display: block; border-bottom: 1px solid var(--line); padding: .75rem 0; }
  th, td { display: block; border: 0; padding: .1rem 0; }
  td[data-label]::before { content: attr(data-label) ": "; color: var(--quiet); font-size: .85rem; }
  .timeline a, .trail a, header nav a { display: inline-block; padding: .25rem 0; }
}
`;
