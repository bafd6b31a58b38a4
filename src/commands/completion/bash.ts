import type { CommandPlace, Place, Values, Word } from './place.ts';
import { cases, quoted, valuedOptions } from './shell-cases.ts';

/** The script for bash, also the old one of macOS (3.2). It asks no server and no database. */
export function bashScript(places: readonly Place[]): string {
  return `# Completion of listo for bash. This shell learns it by: source <(listo completion bash)
${cases('_listo_next', places, ({ words, next }) => [[words, said(next)]])}
${cases('_listo_options', places, ({ words, command }) => [[words, said(optionsOf(command))]])}
${cases('_listo_values', places, ({ words, command }) => valuesOf(words, command))}

_listo() {
  local current=\${COMP_WORDS[COMP_CWORD]} path= option= word found
  local -i n behind=0
  COMPREPLY=()
  for ((n = 1; n < COMP_CWORD; n++)); do
    word=\${COMP_WORDS[n]}
    if [ -n "$option" ]; then
      option=
      continue
    fi
    case $word in
      ${valuedOptions(places)}) option=$word ;;
      -*) ;;
      *)
        if [ $n -eq 1 ] && [ "$word" = help ]; then continue; fi
        case " $(_listo_next "$path") " in
          *" $word "*) if [ $behind -eq 0 ]; then path=\${path:+$path }$word; else behind+=1; fi ;;
          *) behind+=1 ;;
        esac
        ;;
    esac
  done
  if [ -n "$option" ]; then
    found=$(_listo_values "$path $option")
  elif [[ $current == -* ]]; then
    found="$(_listo_options "$path") --help"
  else
    found=$(_listo_values "$path $behind")
    if [ $behind -eq 0 ]; then found="$(_listo_next "$path") $found"; fi
  fi
  case $found in
    *@files*)
      compopt -o filenames 2>/dev/null
      COMPREPLY=($(compgen -f -- "$current"))
      ;;
    *) COMPREPLY=($(compgen -W "$found" -- "$current")) ;;
  esac
}
complete -F _listo listo`;
}

function said(words: readonly Word[]): string {
  return `echo ${quoted(words.map(({ word }) => word).join(' '))}`;
}

function optionsOf(command: CommandPlace | undefined): readonly Word[] {
  return command?.options ?? [];
}

function valuesOf(words: string, command: CommandPlace | undefined): [string, string][] {
  const { values = {}, operands = [], repeats = false } = command ?? {};
  return [
    ...Object.entries(values).map(([name, few]) => [`${words} --${name}`, few] as const),
    ...operands.map((few, n) => [`${words} ${n}`, few] as const),
    ...(repeats ? [[`${words} *`, operands.at(-1) ?? 'anything'] as const] : []),
  ].flatMap(([place, few]) => (few === 'anything' ? [] : [[place, `echo ${quoted(inWords(few))}`]]));
}

function inWords(few: Exclude<Values, 'anything'>): string {
  return few === 'files' ? '@files' : few.words.join(' ');
}
