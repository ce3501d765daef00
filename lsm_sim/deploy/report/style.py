"""The style sheet of the page of a report."""

from __future__ import annotations

STYLE = """
:root { --ground: #ffffff; --ink: #1d1f21; --quiet: #5b6065; --line: #d6d9dc; --soft: #f3f5f7; --fill: #0072B2; --on-fill: #ffffff; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #15181b; --ink: #e9ebed; --quiet: #a9b0b6; --line: #3a4046; --soft: #1f2428; --fill: #56B4E9; --on-fill: #10151a; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1400px; padding: 1rem; background: var(--ground); color: var(--ink);
  font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; margin: 0.2rem 0 1rem; }
h2 { font-size: 1.2rem; margin: 2rem 0 0.5rem; border-bottom: 1px solid var(--line); padding-bottom: 0.2rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 0.4rem; }
.summary { display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: 0.4rem 1rem; margin: 0;
  padding: 0.8rem 1rem; background: var(--soft); border-left: 4px solid var(--fill); }
.trust { display: grid; grid-template-columns: 1.5rem 1fr; gap: 0.2rem 0.5rem; }
dt { font-weight: 600; }
dd { margin: 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.9rem; }
th, td { text-align: left; vertical-align: top; padding: 0.25rem 0.7rem 0.25rem 0; border-bottom: 1px solid var(--line); overflow-wrap: normal; }
td { overflow-wrap: break-word; max-width: 32rem; }
th { font-weight: 600; color: var(--quiet); }
.number { text-align: right; font-variant-numeric: tabular-nums; }
td.number { white-space: nowrap; }
.note, figcaption { color: var(--quiet); font-size: 0.9rem; }
.note { margin: 0.3rem 0 0; }
ul { margin: 0.5rem 0; padding-left: 1.2rem; }
summary { cursor: pointer; font-weight: 600; margin: 1.2rem 0 0.4rem; }
pre { font-size: 0.8rem; line-height: 1.3; margin: 0.5rem 0; }
figure { margin: 0.6rem 0; min-width: 0; }
figcaption { margin-bottom: 0.4rem; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr)); gap: 0.5rem 2rem; align-items: start; }
svg { display: block; width: 100%; height: auto; }
svg text { font-size: 11px; text-anchor: middle; fill: var(--ink); }
svg .on { fill: var(--on-fill); }
svg .axis { fill: var(--quiet); }
svg .end { text-anchor: end; }
.cell { fill: var(--fill); stroke: var(--line); stroke-width: 0.5; }
.unused { fill: none; stroke: var(--line); stroke-width: 1; }
.row { display: grid; grid-template-columns: 6rem 1fr 5.5rem; gap: 0.6rem; align-items: center; font-size: 0.85rem; line-height: 1.25; margin: 2px 0; }
.bars { columns: 460px 2; column-gap: 2rem; }
.bar { display: flex; height: 0.8rem; background: var(--soft); outline: 1px solid var(--line); overflow: hidden; }
.bar i { display: block; height: 100%; }
.value { text-align: right; font-variant-numeric: tabular-nums; }
.legend { display: flex; flex-wrap: wrap; gap: 0.2rem 1rem; font-size: 0.85rem; margin: 0.3rem 0; }
.legend i { display: inline-block; width: 0.8rem; height: 0.8rem; margin-right: 0.35rem; vertical-align: -1px; }
.raster { display: block; width: 100%; height: 260px; image-rendering: pixelated; background: var(--soft); outline: 1px solid var(--line); }
.time { display: flex; justify-content: space-between; color: var(--quiet); font-size: 0.85rem; margin-top: 0.2rem; }
@media (max-width: 700px) {
  body { padding: 0.7rem; }
  .summary { grid-template-columns: 1fr; gap: 0; }
  .summary dd { margin-bottom: 0.5rem; }
  .row { grid-template-columns: 5.5rem 1fr 4rem; }
  .raster { height: 200px; image-rendering: auto; }
  .stack thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
  .stack, .stack tbody { display: block; }
  .stack tr { display: flex; flex-wrap: wrap; gap: 0 1.2rem; padding: 0.4rem 0; border-bottom: 1px solid var(--line); }
  .stack td { display: flex; gap: 0.4rem; border: 0; padding: 0.1rem 0; text-align: left; white-space: normal; overflow-wrap: anywhere; }
  .stack td:empty { display: none; }
  .stack td:first-child { flex-basis: 100%; font-weight: 600; }
  .stack td:not(:first-child)::before { content: attr(data-label); color: var(--quiet); white-space: nowrap; }
}
@media print { details::details-content { content-visibility: visible; } }
"""
