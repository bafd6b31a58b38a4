import type { Chromium, Visit } from './chromium.ts';

/** A new visit for each test of a file. After a test, its pages must have had no problem. */
export function visitForEachTest(chromium: () => Chromium): Visit {
  let visit: Visit;
  beforeEach(async () => {
    visit = await chromium().open();
  });
  afterEach(async () => {
    await visit.context.close();
    expect(visit.problems).toEqual([]);
  });
  return {
    get page() {
      return visit.page;
    },
    get context() {
      return visit.context;
    },
    get problems() {
      return visit.problems;
    },
  };
}
