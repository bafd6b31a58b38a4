/** For jest.useFakeTimers: everything stays real but Date, which is what tests move. */
export const ALL_BUT_DATE = [
  'hrtime' as const,
  'nextTick' as const,
  'performance' as const,
  'queueMicrotask' as const,
  'setImmediate' as const,
  'clearImmediate' as const,
  'setInterval' as const,
  'clearInterval' as const,
  'setTimeout' as const,
  'clearTimeout' as const,
];
