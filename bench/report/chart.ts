import type { Measured, Result } from './result.ts';

const ROW = 34;
const LEFT = 210;
const BAR = 380;
const WIDTH = 820;
/** Keeps the limit well inside the picture. A bar far beyond it, of a request that signs nothing, ends at the edge. */
const SCALE = BAR / 1.25;

/**
 * A picture of a result. Each scenario has a bar as long as its ratio to the limit, its figures, and a mark at its
 * target. It is legible on light and on dark.
 */
export function chart({ scenarios, machine, startedAt }: Result): string {
  const height = 64 + scenarios.length * ROW + 34;
  const limit = LEFT + SCALE;
  const note = `${machine.cores} cores of ${machine.processor}, Node ${machine.node}, ${startedAt.slice(0, 10)}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Requests a second as a share of the limit of the machine">
<style>
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .small { font-size: 11px; fill: #59636e }
  .bar { fill: #2f6f9f } .missed { fill: #b35900 }
  .limit { stroke: #1f2328; stroke-dasharray: 3 3 } .target { stroke: #1f2328; stroke-width: 2 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .small { fill: #9198a1 }
    .bar { fill: #5aa3d6 } .missed { fill: #f0883e }
    .limit, .target { stroke: #f0f6fc }
  }
</style>
<text x="12" y="24">Requests a second, as a share of what the machine could sign or hash and nothing else</text>
<text x="${limit.toFixed(1)}" y="48" class="small" text-anchor="middle">limit</text>
<line x1="${limit.toFixed(1)}" x2="${limit.toFixed(1)}" y1="54" y2="${64 + scenarios.length * ROW}" class="limit"/>
${scenarios.map((scenario, n) => row(scenario, 64 + n * ROW)).join('\n')}
<text x="12" y="${height - 12}" class="small">${escaped(note)}</text>
</svg>
`;
}

function row({ title, ratio, requestsPerSecond, p99Ms, target }: Measured, y: number): string {
  const width = Math.min(BAR, Math.max(1, ratio * SCALE));
  const [, wanted] = /^ratio ≥ ([\d.]+)$/.exec(target?.words ?? '') ?? [];
  const mark = LEFT + Number(wanted) * SCALE;
  const perSecond = Math.round(requestsPerSecond).toLocaleString('en-US');
  const figures = `${ratio.toFixed(2)}: ${perSecond}/s, p99 ${p99Ms.toFixed(0)} ms`;
  return [
    `<text x="${LEFT - 10}" y="${y + 17}" text-anchor="end">${escaped(title)}</text>`,
    `<rect x="${LEFT}" y="${y + 3}" width="${width.toFixed(1)}" height="20" class="${target?.met === false ? 'missed' : 'bar'}"/>`,
    wanted
      ? `<line x1="${mark.toFixed(1)}" x2="${mark.toFixed(1)}" y1="${y}" y2="${y + 26}" class="target"/>`
      : '',
    `<text x="${WIDTH - 12}" y="${y + 17}" text-anchor="end">${figures}</text>`,
  ]
    .filter(Boolean)
    .join('\n');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
