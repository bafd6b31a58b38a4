import { createServer } from 'node:http';
import { listen } from '../src/listen.ts';

describe('a port that is in use', () => {
  it.each(['PORT', 'INTERNAL_PORT'] as const)('is said by the name of its variable, %s', async (variable) => {
    const first = createServer();
    const port = await listen(first, '127.0.0.1', 0);
    await expect(listen(createServer(), '127.0.0.1', port, variable)).rejects.toThrow(
      `Port ${port} on 127.0.0.1 is in use. Stop what listens there, or set another ${variable}.`,
    );
    first.close();
  });
});
