type Rgb = readonly [red: number, green: number, blue: number];

interface Scheme {
  /** The backgrounds of text: the page and its cards, `--page` and `--surface` in style.css. */
  surfaces: readonly Rgb[];
  /** The end towards which a colour moves to gain contrast. */
  extreme: Rgb;
}

const BLACK: Rgb = [0, 0, 0];
const WHITE: Rgb = [255, 255, 255];
const LIGHT: Scheme = { surfaces: [parseColor('#f4f6f5'), WHITE], extreme: BLACK };
const DARK: Scheme = { surfaces: [parseColor('#0e1312'), parseColor('#161c1b')], extreme: WHITE };

/** The contrast that WCAG 2.2 AA requires for text. */
const READABLE = 4.5;
/**
 * Below this contrast, a button of the colour disappears in the page: white on white, navy on black. Yellow on white
 * stays above it.
 */
const DISTINCT = 1.25;
/** The contrast for the replacement of such a colour: high enough that its buttons do not look disabled. */
const BOLD = 9;
const STEPS = 50;

/**
 * The custom properties that give our pages an instance's colour. Buttons keep the brand's colour, unless it would
 * disappear in the page. Text on it, and text in it, gets enough contrast.
 *
 * @throws TypeError when `brandColor` is not '#rrggbb': it becomes part of a stylesheet, so nothing else is safe.
 */
export function themeStylesheet(brandColor: string): string {
  const { light, dark } = themeColors(brandColor);
  return `:root {\n${properties(light)}}\n@media (prefers-color-scheme: dark) {\n:root {\n${properties(dark)}}\n}\n`;
}

/** The colours of buttons, of the text on them, and of coloured text. */
export interface ThemeColors {
  accent: string;
  onAccent: string;
  accentText: string;
}

/** The same for a mail, which has no custom properties. @throws TypeError, too. */
export function themeColors(brandColor: string): { light: ThemeColors; dark: ThemeColors } {
  const brand = parseColor(brandColor);
  return { light: colorsIn(brand, LIGHT), dark: colorsIn(brand, DARK) };
}

function colorsIn(brand: Rgb, scheme: Scheme): ThemeColors {
  const distinct = stands(brand, scheme, DISTINCT);
  const text = towardsContrast(brand, scheme, distinct ? READABLE : BOLD);
  const ground = distinct ? brand : text;
  return {
    accent: formatColor(ground),
    onAccent: formatColor(moreContrasting(ground)),
    accentText: formatColor(text),
  };
}

function properties({ accent, onAccent, accentText }: ThemeColors): string {
  return `  --accent: ${accent};\n  --on-accent: ${onAccent};\n  --accent-text: ${accentText};\n`;
}

/** Black or white. One of them has at least 4.58:1 on every colour, so the better one is always readable. */
function moreContrasting(ground: Rgb): Rgb {
  return contrast(WHITE, ground) >= contrast(BLACK, ground) ? WHITE : BLACK;
}

function stands(color: Rgb, { surfaces }: Scheme, ratio: number): boolean {
  return surfaces.every((surface) => contrast(color, surface) >= ratio);
}

/** The first colour between `color` and the scheme's extreme that has `ratio` on all its surfaces. */
function towardsContrast(color: Rgb, scheme: Scheme, ratio: number): Rgb {
  for (let step = 0; step < STEPS; step++) {
    const candidate = mix(color, scheme.extreme, step / STEPS);
    if (stands(candidate, scheme, ratio)) return candidate;
  }
  return scheme.extreme;
}

/** Rounds to whole channel values, so that the measured colour is the one that browsers paint. */
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
