import { OperatorError } from '../../platform/errors.ts';
import type { Command } from '../command.ts';

/** `commands` returns those that there are, this one included. */
export function completionCommand(commands: () => readonly Command[]): Command {
  return {
    name: 'completion',
    operands: ['SHELL'],
    summary: 'Print a script with which a shell completes commands, options and their values.',
    words: { SHELL: 'The shell for which the script is.' },
    choices: { SHELL: ['bash', 'zsh'] },
    help: `To use it from now on, put the line into ~/.bashrc:
  source <(listo completion bash)
or into ~/.zshrc, behind compinit:
  source <(listo completion zsh)
In a clone, the line before it is: alias listo='npx listo'`,
    examples: ['completion bash'],
    async run({ print }, [shell]) {
      if (shell !== 'bash' && shell !== 'zsh') throw new OperatorError('SHELL is bash or zsh.');
      const { placesOf } = await import('./place.ts');
      const places = placesOf(commands());
      if (shell === 'bash') print((await import('./bash.ts')).bashScript(places));
      else print((await import('./zsh.ts')).zshScript(places));
    },
  };
}
