/**
 * How the report looks: one style sheet, for bright and dark screens, and for paper.
 *
 * @module
 */

/** Goes into the page as it is. */
export const style = `
:root { color-scheme: light dark; --ink: #1d2129; --soft: #5b6472; --line: #d9dee6; --back: #ffffff; --card: #f6f8fa;
  --c0: #2f6fde; --c1: #e58a1f; --c2: #2a9d78; --c3: #9a5bd0; --c4: #9aa3b0; --bad: #c8312b; --good: #1f7a4d; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #9ba4b3; --line: #343b47; --back: #14181f;
  --card: #1c222b; --c0: #6ea1ff; --c1: #f0a850; --c2: #55c9a2; --c3: #bd8ff0; --c4: #707a89; --bad: #ff7a70; --good: #5fd09a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 66rem; background: var(--back); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
h1 { margin: 0 0 .25rem; font-size: 1.6rem; } h2 { margin: 0 0 .25rem; font-size: 1.2rem; }
h3 { margin: 1.75rem 0 .5rem; font-size: .95rem; }
p { margin: .25rem 0; } .soft { color: var(--soft); } .bad { color: var(--bad); } .good { color: var(--good); }
section { margin-top: 2.5rem; padding-top: 1.5rem; border-top: 2px solid var(--line); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: .75rem; margin: 1rem 0; }
.tile { padding: .75rem 1rem; background: var(--card); border-radius: .5rem; }
.tile b { display: block; font-size: 1.35rem; font-weight: 600; line-height: 1.3; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .87rem; }
th, td { padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { color: var(--soft); font-weight: 500; white-space: nowrap; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.k { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: .8rem; overflow-wrap: anywhere; }
svg { display: block; width: 100%; height: auto; } svg text { fill: var(--ink); font-size: 12px; font-family: inherit; }
svg .t { fill: var(--soft); font-size: 11px; } svg .g { stroke: var(--line); stroke-width: 1; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: .25rem 0 .5rem; font-size: .82rem; color: var(--soft); }
.legend i { display: inline-block; width: .7rem; height: .7rem; margin-right: .4rem; border-radius: 2px; }
@media print { body { padding: 0; } section { break-inside: avoid; } }
`
