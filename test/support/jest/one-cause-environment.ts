import type { Circus } from '@jest/types';
import { TestEnvironment } from 'jest-environment-node';

/**
 * Reports the cause of a failed `beforeAll` once. The first test shows the cause, and each other test under that
 * `beforeAll` names the first. The report leaves out the consequences: failures of a `beforeAll` further inside, of an
 * `afterEach` and of an `afterAll`, which use what was never made.
 */
export default class OneCauseEnvironment extends TestEnvironment {
  /** Blocks whose `beforeAll` failed, each with the first test that was reported. */
  readonly #failed = new Map<Circus.DescribeBlock, string | undefined>();

  handleTestEvent(event: Circus.Event, state: Circus.State): void {
    if (event.name === 'hook_failure') this.#hookFailed(event, state);
    if (event.name === 'test_skip' && this.#outermostFailed(event.test.parent)) event.test.errors = [];
    if (event.name === 'test_done') this.#testDone(event.test);
  }

  #hookFailed({ hook, describeBlock }: Circus.Event & { name: 'hook_failure' }, state: Circus.State): void {
    if (!describeBlock) return;
    const failed = this.#outermostFailed(describeBlock);
    if (failed && hook.type === 'afterAll') state.unhandledErrors.pop();
    if (!failed && hook.type === 'beforeAll') this.#failed.set(describeBlock, undefined);
  }

  #testDone(test: Circus.TestEntry): void {
    const failed = this.#outermostFailed(test.parent);
    if (!failed) return;
    const first = this.#failed.get(failed);
    if (first === undefined) {
      this.#failed.set(failed, nameOf(test));
      test.errors.splice(1);
    } else {
      test.errors = [reference(first)];
    }
  }

  #outermostFailed(block: Circus.DescribeBlock): Circus.DescribeBlock | undefined {
    const above = block.parent && this.#outermostFailed(block.parent);
    return above ?? (this.#failed.has(block) ? block : undefined);
  }
}

function nameOf({ name, parent }: Circus.TestEntry): string {
  const titles = [name];
  // The outermost block is the file.
  for (let block = parent; block.parent; block = block.parent) titles.unshift(block.name);
  return titles.join(' › ');
}

/** An error without a stack: there is nothing to look at. */
function reference(first: string): Error {
  const error = new Error(`A beforeAll failed. The cause stands at: ${first}`);
  error.stack = error.message;
  return error;
}
