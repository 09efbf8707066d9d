// How a report looks: on a screen by light and by dark, and on paper. The colours of causes are those of Okabe and Ito, which colour-blind eyes tell apart.

export const STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --line: #c9ced6; --soft: #f3f5f7; --quiet: #4c5560 }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ed; --paper: #14171b; --line: #3b424c; --soft: #1e2329; --quiet: #a9b2bd } }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 24px; max-width: 1100px; background: var(--paper); color: var(--ink); font: 14px/1.45 system-ui, sans-serif; overflow-wrap: anywhere }
h1 { font-size: 22px; line-height: 1.25 }
h2 { font-size: 17px; margin: 28px 0 8px; border-bottom: 1px solid var(--line); padding-bottom: 4px }
h3 { font-size: 14px; margin: 16px 0 4px }
code { font: inherit; font-family: ui-monospace, monospace; background: var(--soft); padding: 0 4px }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(220px, 1fr)); gap: 8px 24px; margin: 0 }
dt { color: var(--quiet); font-size: 12px }
dd { margin: 0 }
dd, td, th, h1, h3, li, code { unicode-bidi: isolate }
ul { margin: 0; padding-left: 18px }
table { border-collapse: collapse; width: 100%; font-size: 13px; font-variant-numeric: tabular-nums }
th, td { text-align: left; vertical-align: top; padding: 4px 10px 4px 0; border-bottom: 1px solid var(--line); font-weight: normal }
thead th { color: var(--quiet); font-size: 12px; white-space: nowrap }
.n { text-align: right; white-space: nowrap }
td ul { list-style: none; padding: 0 }
svg { display: block; margin: 8px 0 12px }
svg text { fill: #000; font: bold 13px system-ui, sans-serif }
.key { display: inline-block; min-width: 22px; padding: 0 4px; text-align: center; color: #000; font-weight: bold }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
.lost_outward { fill: #e69f00; background: #e69f00 }
.lost_backward { fill: #56b4e9; background: #56b4e9 }
.not_needed { fill: #35b38c; background: #35b38c }
.dropped_here { fill: #f0e442; background: #f0e442 }
.dropped_between { fill: #e8853d; background: #e8853d }
.dropped_at_receiver { fill: #d98cb8; background: #d98cb8 }
.not_known { fill: #b4b9c0; background: #b4b9c0 }
footer { margin-top: 32px; color: var(--quiet) }
@page { size: A4; margin: 14mm }
@media print {
  :root { color-scheme: light; --ink: #000; --paper: #fff; --line: #999; --soft: #fff; --quiet: #333 }
  body { padding: 0; max-width: none; font-size: 10pt }
  table { font-size: 9pt }
  thead { display: table-header-group }
  tr, svg, h2, h3 { break-inside: avoid }
  h2, h3 { break-after: avoid }
  rect, .key { print-color-adjust: exact }
}
`;
