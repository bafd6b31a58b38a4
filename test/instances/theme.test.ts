import { readFileSync } from 'node:fs';
import { themeStylesheet } from '../../src/instances/theme.ts';

const SCHEMES = ['light', 'dark'] as const;
type SchemeName = (typeof SCHEMES)[number];

const STYLES = readFileSync(new URL('../../views/assets/style.css', import.meta.url), 'utf8');

/** The declarations of a stylesheet's first :root rule and of its rule for dark. */
function propertiesOf(css: string, scheme: SchemeName): Record<string, string> {
  const [light = '', dark = ''] = css.split('prefers-color-scheme: dark');
  const text = scheme === 'light' ? light : dark;
  const rule = /:root\s*\{([^}]*)\}/.exec(text)?.[1] ?? '';
  return Object.fromEntries(
    [...rule.matchAll(/(--[\w-]+):\s*([^;]+);/g)].map(([, name, value]) => [name, value]),
  );
}

function relativeLuminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrastRatio(a: string | undefined, b: string | undefined): number {
  if (!a || !b) throw new Error('A colour is missing.');
  const [darker = 0, lighter = 0] = [relativeLuminance(a), relativeLuminance(b)].sort((x, y) => x - y);
  return (lighter + 0.05) / (darker + 0.05);
}

const COLORS = {
  white: '#ffffff',
  black: '#000000',
  yellow: '#ffd400',
  'mid grey': '#777777',
  'the grey where black and white are equally far': '#757575',
  red: '#e3002b',
  lime: '#32ff32',
  'pure blue': '#0000ff',
  navy: '#06123a',
  pink: '#ff9ad5',
  teal: '#0b6150',
};

describe('the theme of an instance', () => {
  describe.each(Object.entries(COLORS))('in %s (%s)', (_name, color) => {
    it.each(SCHEMES)('paints a button that can be told from the page and its cards in %s', (scheme) => {
      const ground = propertiesOf(themeStylesheet(color), scheme)['--accent'];
      const ours = propertiesOf(STYLES, scheme);
      expect(contrastRatio(ground, ours['--page'])).toBeGreaterThanOrEqual(1.25);
      expect(contrastRatio(ground, ours['--surface'])).toBeGreaterThanOrEqual(1.25);
    });

    it.each(SCHEMES)('writes on the button in black or white, readable in %s', (scheme) => {
      const theme = propertiesOf(themeStylesheet(color), scheme);
      expect(['#000000', '#ffffff']).toContain(theme['--on-accent']);
      expect(contrastRatio(theme['--on-accent'], theme['--accent'])).toBeGreaterThanOrEqual(4.5);
    });

    it.each(SCHEMES)('writes links that can be read on the page and on its cards in %s', (scheme) => {
      const link = propertiesOf(themeStylesheet(color), scheme)['--accent-text'];
      const ours = propertiesOf(STYLES, scheme);
      expect(contrastRatio(link, ours['--page'])).toBeGreaterThanOrEqual(4.5);
      expect(contrastRatio(link, ours['--surface'])).toBeGreaterThanOrEqual(4.5);
    });
  });

  it('is readable for every colour of a coarse walk through all there are', () => {
    const channels = ['00', '33', '66', '99', 'cc', 'ff'];
    const colors = channels.flatMap((r) => channels.flatMap((g) => channels.map((b) => `#${r}${g}${b}`)));
    for (const color of colors) {
      for (const scheme of SCHEMES) {
        const theme = propertiesOf(themeStylesheet(color), scheme);
        const ours = propertiesOf(STYLES, scheme);
        expect(contrastRatio(theme['--on-accent'], theme['--accent'])).toBeGreaterThanOrEqual(4.5);
        expect(contrastRatio(theme['--accent-text'], ours['--surface'])).toBeGreaterThanOrEqual(4.5);
      }
    }
  });

  it.each(SCHEMES)(
    'keeps a brand colour that does not vanish into the page exactly as it is in %s',
    (scheme) => {
      for (const color of [COLORS.yellow, COLORS.red, COLORS.teal, COLORS['mid grey']]) {
        expect(propertiesOf(themeStylesheet(color), scheme)['--accent']).toBe(color);
      }
    },
  );

  it.each([
    ['white', 'light'],
    ['black', 'dark'],
    ['navy', 'dark'],
  ] as const)('turns %s, which would vanish into the %s page, into a bold shade', (name, scheme) => {
    const ground = propertiesOf(themeStylesheet(COLORS[name]), scheme)['--accent'];
    expect(contrastRatio(ground, propertiesOf(STYLES, scheme)['--surface'])).toBeGreaterThanOrEqual(9);
  });

  it('leaves a colour that can already be read as it is', () => {
    expect(propertiesOf(themeStylesheet('#0b6150'), 'light')['--accent-text']).toBe('#0b6150');
    expect(propertiesOf(themeStylesheet('#ffd400'), 'dark')['--accent-text']).toBe('#ffd400');
  });

  it('picks the one of black and white that contrasts more', () => {
    expect(propertiesOf(themeStylesheet('#ffd400'), 'light')['--on-accent']).toBe('#000000');
    expect(propertiesOf(themeStylesheet('#06123a'), 'light')['--on-accent']).toBe('#ffffff');
  });

  it('reads upper case like lower case', () => {
    expect(themeStylesheet('#FFD400')).toBe(themeStylesheet('#ffd400'));
  });

  it.each(['', 'red', '#fff', '#12345g', '#1234567', '#ffffff;}body{display:none', '#ffffff\n'])(
    'refuses %j, which is no colour a stylesheet may be built from',
    (color) => {
      expect(() => themeStylesheet(color)).toThrow(TypeError);
    },
  );
});

describe('our own colours', () => {
  it.each(SCHEMES)('are readable in %s', (scheme) => {
    const ours = propertiesOf(STYLES, scheme);
    expect(contrastRatio(ours['--on-accent'], ours['--accent'])).toBeGreaterThanOrEqual(4.5);
    for (const ink of ['--ink', '--muted', '--accent-text']) {
      for (const ground of ['--page', '--surface', '--sunken']) {
        expect(contrastRatio(ours[ink], ours[ground])).toBeGreaterThanOrEqual(4.5);
      }
    }
    for (const tone of ['danger', 'notice', 'success', 'warning']) {
      expect(contrastRatio(ours[`--${tone}`], ours[`--${tone}-ground`])).toBeGreaterThanOrEqual(4.5);
    }
  });

  it.each(SCHEMES)('draw the edges of fields so that they can be seen in %s', (scheme) => {
    const ours = propertiesOf(STYLES, scheme);
    expect(contrastRatio(ours['--edge'], ours['--surface'])).toBeGreaterThanOrEqual(3);
  });
});
