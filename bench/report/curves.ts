/** A curve: figures for each value of the axis. */
export interface Curve {
  title: string;
  /** The varied quantity, such as `connections`. */
  axis: string;
  unit: string;
  points: readonly { x: number; y: number }[];
}

const [WIDTH, HEIGHT, LEFT, TOP] = [360, 220, 56, 44];

/** A picture of curves, two to a row, with a logarithmic horizontal axis. */
export function curves(all: readonly Curve[], note: string): string {
  const rows = Math.ceil(all.length / 2);
  const height = rows * HEIGHT + 34;
  const panels = all.map((curve, n) => panel(curve, (n % 2) * WIDTH, Math.floor(n / 2) * HEIGHT));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${2 * WIDTH} ${height}" role="img" aria-label="Scaling curves">
<style>
  text { font: 12px system-ui, sans-serif; fill: #1f2328 } .small { font-size: 10px; fill: #59636e }
  .curve { fill: none; stroke: #2f6f9f; stroke-width: 2 } .point { fill: #2f6f9f } .axis { stroke: #8c959f }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .small { fill: #9198a1 } .curve { stroke: #5aa3d6 } .point { fill: #5aa3d6 }
  }
</style>
${panels.join('\n')}
<text x="12" y="${height - 12}" class="small">${escaped(note)}</text>
</svg>
`;
}

function panel({ title, axis, unit, points }: Curve, left: number, top: number): string {
  const [width, height] = [WIDTH - LEFT - 30, HEIGHT - TOP - 44];
  const xs = points.map(({ x }) => Math.log10(x));
  const low = Math.min(...xs);
  const span = Math.max(...xs) - low || 1;
  // The axis begins at zero, so that a flat curve looks flat.
  const highest = Math.max(...points.map(({ y }) => y)) || 1;
  const at = points.map(({ x, y }) => ({
    x: left + LEFT + ((Math.log10(x) - low) / span) * width,
    y: top + TOP + height - (y / highest) * height,
    label: x.toLocaleString('en-US'),
    value: y < 10 ? y.toFixed(1) : Math.round(y).toLocaleString('en-US'),
  }));
  const bottom = top + TOP + height;
  return [
    `<text x="${left + 12}" y="${top + 22}">${escaped(`${title}, ${unit}`)}</text>`,
    `<line class="axis" x1="${left + LEFT - 10}" x2="${left + LEFT + width}" y1="${bottom}" y2="${bottom}"/>`,
    `<polyline class="curve" points="${at.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ')}"/>`,
    ...at.flatMap(({ x, y, label, value }) => [
      `<circle class="point" cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="3"/>`,
      `<text class="small" x="${x.toFixed(1)}" y="${(y - 8).toFixed(1)}" text-anchor="middle">${value}</text>`,
      `<text class="small" x="${x.toFixed(1)}" y="${bottom + 14}" text-anchor="middle">${label}</text>`,
    ]),
    `<text class="small" x="${left + LEFT + width / 2}" y="${bottom + 30}" text-anchor="middle">${escaped(axis)}</text>`,
  ].join('\n');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
