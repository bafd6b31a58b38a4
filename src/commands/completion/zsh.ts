import type { CommandPlace, Place, Values, Word } from './place.ts';
import { cases, quoted, valuedOptions } from './shell-cases.ts';

/** The script for zsh, which also shows what each word means. It asks no server and no database. */
export function zshScript(places: readonly Place[]): string {
  return `#compdef listo
# Completion of listo for zsh. This shell learns it by: source <(listo completion zsh)
${cases('_listo_next', places, ({ words, next }) => [[words, found(next)]])}
${cases('_listo_options', places, ({ words, command }) => [[words, found(command?.options ?? [])]])}
${cases('_listo_values', places, ({ words, command }) => valuesOf(words, command))}

_listo() {
  local current=\${words[CURRENT]} place= option= word
  local -i n behind=0
  local -a found more
  for ((n = 2; n < CURRENT; n++)); do
    word=\${words[n]}
    if [[ -n $option ]]; then
      option=
      continue
    fi
    case $word in
      (${valuedOptions(places)}) option=$word ;;
      (-*) ;;
      (*)
        if ((n == 2)) && [[ $word == help ]]; then continue; fi
        found=()
        _listo_next "$place"
        if ((behind == 0)) && ((\${found[(I)$word:*]})); then place=\${place:+$place }$word; else ((behind += 1)); fi
        ;;
    esac
  done
  found=()
  if [[ -n $option ]]; then
    _listo_values "$place $option"
  elif [[ $current == -* ]]; then
    _listo_options "$place"
    found+=('--help:explain this command')
  else
    _listo_values "$place $behind"
    more=($found)
    found=()
    if ((behind == 0)); then _listo_next "$place"; fi
    found+=($more)
  fi
  if ((\${found[(I)@files]})); then
    _files
  elif ((\${#found})); then
    _describe listo found
  fi
}
if [[ \${funcstack[1]} == _listo ]]; then _listo "$@"; else compdef _listo listo; fi`;
}

/** Fills the list `found` of the caller. A colon ends the word, so one within it is escaped. */
function found(words: readonly Word[]): string {
  const items = words.map(({ word, says }) => {
    const name = word.replaceAll(':', '\\\\:');
    return quoted(says === '' ? name : `${name}:${says}`);
  });
  return `found=(${items.join(' ')})`;
}

function valuesOf(words: string, command: CommandPlace | undefined): [string, string][] {
  const { values = {}, operands = [], repeats = false } = command ?? {};
  return [
    ...Object.entries(values).map(([name, few]) => [`${words} --${name}`, few] as const),
    ...operands.map((few, n) => [`${words} ${n}`, few] as const),
    ...(repeats ? [[`${words} *`, operands.at(-1) ?? 'anything'] as const] : []),
  ].flatMap(([place, few]) => (few === 'anything' ? [] : [[place, found(inWords(few))]]));
}

function inWords(few: Exclude<Values, 'anything'>): Word[] {
  return few === 'files' ? [{ word: '@files', says: '' }] : few.words.map((word) => ({ word, says: '' }));
}
