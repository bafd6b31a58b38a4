type Rgb = readonly [red: number, green: number, blue: number];

interface Scheme {
  /** What text may lie on: the page and its cards, as `--page` and `--surface` of style.css say. */
  surfaces: readonly Rgb[];
  /** Where a colour is led to gain contrast. */
  extreme: Rgb;
}

const BLACK: Rgb = [0, 0, 0];
const WHITE: Rgb = [255, 255, 255];
const LIGHT: Scheme = { surfaces: [parseColor('#f4f6f5'), WHITE], extreme: BLACK };
const DARK: Scheme = { surfaces: [parseColor('#0e1312'), parseColor('#161c1b')], extreme: WHITE };

/** The contrast WCAG 2.2 AA asks of text. */
const READABLE = 4.5;
/** Below this a button of the colour melts into the page: white on white, navy on black. Yellow on white stays above. */
const DISTINCT = 1.25;
/** What such a colour is led to instead: far enough that its buttons do not look switched off. */
const BOLD = 9;
const STEPS = 50;

/**
 * The custom properties that dress our pages in an instance's colour. As the ground of buttons the colour stays
 * what the brand chose, unless it would vanish into the page; what is written on it, and in it, is made readable.
 *
 * @throws TypeError when `brandColor` is not '#rrggbb': it becomes part of a stylesheet, so nothing else may pass.
 */
export function themeStylesheet(brandColor: string): string {
  const brand = parseColor(brandColor);
  return `:root {\n${properties(brand, LIGHT)}}\n@media (prefers-color-scheme: dark) {\n:root {\n${properties(brand, DARK)}}\n}\n`;
}

function properties(brand: Rgb, scheme: Scheme): string {
  const distinct = stands(brand, scheme, DISTINCT);
  const text = towardsContrast(brand, scheme, distinct ? READABLE : BOLD);
  const ground = distinct ? brand : text;
  return [
    `  --accent: ${formatColor(ground)};\n`,
    `  --on-accent: ${formatColor(moreContrasting(ground))};\n`,
    `  --accent-text: ${formatColor(text)};\n`,
  ].join('');
}

/** Black or white. One of the two has at least 4.58:1 on any colour there is, so the better one is always readable. */
function moreContrasting(ground: Rgb): Rgb {
  return contrast(WHITE, ground) >= contrast(BLACK, ground) ? WHITE : BLACK;
}

function stands(color: Rgb, { surfaces }: Scheme, ratio: number): boolean {
  return surfaces.every((surface) => contrast(color, surface) >= ratio);
}

/** The colour nearest to `color`, on its way to the scheme's extreme, that has `ratio` on all its surfaces. */
function towardsContrast(color: Rgb, scheme: Scheme, ratio: number): Rgb {
  for (let step = 0; step < STEPS; step++) {
    const candidate = mix(color, scheme.extreme, step / STEPS);
    if (stands(candidate, scheme, ratio)) return candidate;
  }
  return scheme.extreme;
}

/** Rounded to whole channel values, so that what is measured is what the browser will paint. */
function mix(from: Rgb, to: Rgb, share: number): Rgb {
  const channel = (a: number, b: number) => Math.round(a + (b - a) * share);
  return [channel(from[0], to[0]), channel(from[1], to[1]), channel(from[2], to[2])];
}

/** The contrast ratio of WCAG 2, from 1 to 21. */
function contrast(one: Rgb, other: Rgb): number {
  const [a, b] = [luminance(one), luminance(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

function luminance([red, green, blue]: Rgb): number {
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

function linear(channel: number): number {
  const share = channel / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
}

function parseColor(text: string): Rgb {
  if (!/^#[0-9a-f]{6}$/i.test(text))
    throw new TypeError(`A colour is written #rrggbb, not ${JSON.stringify(text)}.`);
  const value = Number.parseInt(text.slice(1), 16);
  return [value >> 16, (value >> 8) & 0xff, value & 0xff];
}

function formatColor(color: Rgb): string {
  return `#${color.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;
}
