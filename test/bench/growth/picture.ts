// Curves over a logarithmic x axis as an SVG picture: readable on a light and on a dark page, without any script.

export type Curve = { name: string; points: readonly [x: number, y: number][] };
export type Chart = { title: string; x: string; y: string; curves: readonly Curve[] };

const WIDTH = 460;
const HEIGHT = 300;
const MARGIN = { left: 58, right: 14, top: 34, bottom: 70 } as const;
/** Told apart in grey and by those who see few colours. */
const COLORS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'] as const;
const INK = '#888';

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const short = (value: number) => Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 }).format(value);

/** Round figures from 0 to at least `most`, about five of them. */
export function ticksTo(most: number): number[] {
  const rough = Math.max(most, 1e-9) / 4;
  const decade = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * decade >= rough) ?? 10) * decade;
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, index) => index * step);
}

/** The charts, one below the other. */
export function picture(charts: readonly Chart[]): string {
  const parts = charts.map((chart, index) => `<g transform="translate(0 ${index * HEIGHT})">\n${chartOf(chart)}\n</g>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT * charts.length}" font-family="sans-serif" font-size="11" fill="${INK}">
<title>Growth: what a row costs the collector, and how long queries take</title>
${parts.join('\n')}
</svg>
`;
}

function chartOf({ title, x, y, curves }: Chart): string {
  const points = curves.flatMap((curve) => curve.points);
  const xs = [...new Set(points.map(([at]) => at))].sort((one, other) => one - other);
  const ticks = ticksTo(Math.max(...points.map(([, value]) => value)));
  const [left, right, top, bottom] = [MARGIN.left, WIDTH - MARGIN.right, MARGIN.top, HEIGHT - MARGIN.bottom];
  const [low, high] = [Math.log10(xs[0] ?? 1), Math.log10(xs.at(-1) ?? 10)];
  const xOf = (value: number) => left + ((Math.log10(value) - low) / Math.max(high - low, 1e-9)) * (right - left);
  const yOf = (value: number) => bottom - (value / (ticks.at(-1) ?? 1)) * (bottom - top);
  const grid = ticks.map(
    (tick) =>
      `<path d="M${left} ${yOf(tick).toFixed(1)}H${right}" stroke="${INK}" stroke-opacity=".25"/><text x="${left - 6}" y="${(yOf(tick) + 4).toFixed(1)}" text-anchor="end">${short(tick)}</text>`,
  );
  const marks = xs.map((value) => `<text x="${xOf(value).toFixed(1)}" y="${bottom + 16}" text-anchor="middle">${short(value)}</text>`);
  const lines = curves.map((curve, index) => lineOf(curve, COLORS[index % COLORS.length] ?? INK, xOf, yOf));
  const legend = curves.map(({ name }, index) => {
    const at = left + (index % 3) * 132;
    const line = bottom + 48 + Math.floor(index / 3) * 15;
    return `<path d="M${at} ${line - 4}h14" stroke="${COLORS[index % COLORS.length]}" stroke-width="2"/><text x="${at + 19}" y="${line}">${escaped(name)}</text>`;
  });
  return [
    `<text x="${left}" y="16" font-size="13" font-weight="bold">${escaped(title)}</text>`,
    `<text x="${left}" y="${top - 6}">${escaped(y)}</text><text x="${right}" y="${bottom + 31}" text-anchor="end">${escaped(x)}</text>`,
    ...grid,
    ...marks,
    ...lines,
    ...legend,
  ].join('\n');
}

type Scale = (value: number) => number;

function lineOf({ points }: Curve, color: string, xOf: Scale, yOf: Scale): string {
  const places = points.map(([x, y]) => [xOf(x).toFixed(1), yOf(y).toFixed(1)] as const);
  const dots = places.map(([x, y]) => `<circle cx="${x}" cy="${y}" r="3" fill="${color}"/>`).join('');
  return `<path d="M${places.map(([x, y]) => `${x} ${y}`).join('L')}" fill="none" stroke="${color}" stroke-width="2"/>${dots}`;
}
