/** A QR code as the path of an SVG, of squares with the side 1. It has a quiet zone of four on each side. */
export interface QrCode {
  size: number;
  path: string;
}

/** The library is loaded when the first person sets an app up. */
export async function qrCode(text: string): Promise<QrCode> {
  const { encode } = await import('uqr');
  const { size, data } = encode(text, { border: 4, ecc: 'M' });
  const rows = data.map((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : '')).join(''));
  return { size, path: rows.join('') };
}
