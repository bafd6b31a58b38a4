import { currentShare, withinShare } from '../share.ts';
import { sortOf } from '../sqlstates.ts';

/** More questions of one turn are asked in several statements. */
const MOST = 32;

interface Waiting<Question, Answer> {
  question: Question;
  answered(answer: Answer): void;
  failed(error: unknown): void;
}

export interface TurnBatchOptions<Question, Answer> {
  /** The share of the connections (`postgres/share.ts`) of questions that no request asks. */
  name: string;
  /** Asks alone. */
  one(question: Question): Promise<Answer>;
  /** Asks together, in one statement. The answers are in the order of the questions. */
  several(questions: readonly Question[]): Promise<readonly Answer[]>;
}

/**
 * Gathers the questions that come in one turn of the event loop, and asks them in one statement. A server that is busy
 * has several a turn, and then a statement costs it and Postgres more than its rows. A question that is alone is asked
 * as if there were no batch.
 *
 * A refusal that Postgres gives to the statement of several may concern one question alone. Nothing was changed then,
 * so each is asked again by itself. Any other error is the error of all: what became of them is unknown.
 */
export function batchOfTurn<Question, Answer>({
  name,
  one,
  several,
}: TurnBatchOptions<Question, Answer>): (question: Question) => Promise<Answer> {
  type Batch = Waiting<Question, Answer>[];
  let waiting: Batch = [];

  const askAlone = ({ question, answered, failed }: Batch[number]) => one(question).then(answered, failed);

  const askTogether = async (batch: Batch): Promise<void> => {
    let answers: readonly Answer[];
    try {
      answers = await several(batch.map(({ question }) => question));
    } catch (error) {
      if (sortOf(error) === 'ours') for (const each of batch) void askAlone(each);
      else for (const { failed } of batch) failed(error);
      return;
    }
    for (const [n, { answered }] of batch.entries()) answered(answers[n] as Answer);
  };

  const ask = () => {
    const all = waiting;
    waiting = [];
    const [first] = all;
    // It goes on as the request that asked.
    if (first && all.length === 1) return void askAlone(first);
    // This runs as the first request. A share of its own would let an endpoint have more than half of the connections.
    const endpoint = currentShare()?.endpoint ?? name;
    for (let from = 0; from < all.length; from += MOST) {
      const batch = all.slice(from, from + MOST);
      void withinShare(endpoint, () => askTogether(batch));
    }
  };

  return (question) =>
    new Promise((answered, failed) => {
      if (waiting.length === 0) setImmediate(ask);
      waiting.push({ question, answered, failed });
    });
}
