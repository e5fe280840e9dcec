// The scripts that make a shell ask this program how a command line may go on.
#pragma once

#include <string_view>

namespace arbiter::cli {

// The first argument with which they call it: `arbiter __complete WORD...`, the last word being typed. It answers lines
// `WORD<tab>WHAT`, and `:files` or `:directories` where those may stand.
inline constexpr std::string_view kCompleteCommand = "__complete";

inline constexpr std::string_view kBashScript = R"(# bash completion of arbiter
_arbiter() {
  local line=${COMP_LINE:0:COMP_POINT} typed=${COMP_WORDS[COMP_CWORD]} whole before reply
  local -a words
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  whole=${words[${#words[@]} - 1]}
  # bash cuts words at = and : as well, and puts a reply behind the cut.
  [[ $typed == [=:] ]] && typed=
  before=${whole%"$typed"}
  COMPREPLY=()
  while IFS= read -r reply; do
    case $reply in
      :files | :directories)
        local kind=-f
        [[ $reply == :directories ]] && kind=-d
        local -a found
        mapfile -t found < <(compgen "$kind" -- "$typed")
        COMPREPLY+=("${found[@]}")
        compopt -o filenames 2>/dev/null
        ;;
      *)
        reply=${reply%%$'\t'*}
        COMPREPLY+=("${reply#"$before"}")
        ;;
    esac
  done < <("${words[0]/#\~/$HOME}" __complete "${words[@]:1}" 2>/dev/null)
}
complete -F _arbiter arbiter
)";

inline constexpr std::string_view kZshScript = R"(#compdef arbiter
_arbiter() {
  local reply word
  local -a said shown
  local -i files=0 directories=0
  for reply in "${(@f)$("${words[1]/#\~/$HOME}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    case $reply in
      '') ;;
      :files) files=1 ;;
      :directories) directories=1 ;;
      *)
        word=${reply%%$'\t'*}
        said+=("${word//:/\\:}:${reply#*$'\t'}")
        ;;
    esac
  done
  (( ${#said} )) && _describe -V arbiter said
  (( files )) && _files
  (( directories )) && _files -/
  return 0
}
if [[ ${zsh_eval_context[-1]} == loadautofunc ]]; then
  _arbiter "$@"
else
  compdef _arbiter arbiter
fi
)";

inline constexpr std::string_view kFishScript = R"(# fish completion of arbiter
function __arbiter_complete
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    set -l program (string replace -r '^~' $HOME -- $words[1])
    for reply in ($program __complete $words[2..-1] "$typed" 2>/dev/null)
        switch $reply
            case :files
                __fish_complete_path "$typed"
            case :directories
                __fish_complete_directories "$typed"
            case '*'
                echo $reply
        end
    end
end
complete -c arbiter -f -a '(__arbiter_complete)'
)";

}  // namespace arbiter::cli
