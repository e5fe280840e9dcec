#!/bin/sh
# Checks every shell script: its syntax, and with shellcheck where that is installed.
set -eu
. ./repository.sh

git ls-files | while IFS= read -r path; do
  [ -f "$path" ] || continue
  first=$(head -c 64 "$path" | head -n 1 | tr -d '\000')
  case $path:$first in
    *.sh:* | *:'#!'*/sh* | *:'#!'*bash*) ;;
    *) continue ;;
  esac
  echo "$path" >&2
  printf 'script\t%s\n' "$path"
  case $first in
    *bash*) shell=bash ;;
    *) shell="sh" ;;
  esac
  if command -v "$shell" > /dev/null && ! why=$("$shell" -n "$path" 2>&1); then
    printf 'finding\t%s\t0\tsyntax: %s\n' "$path" "$(printf '%s' "$why" | tail -n 1)"
  fi
  if command -v shellcheck > /dev/null; then
    shellcheck --shell="$shell" --severity=warning --format=gcc "$path" 2> /dev/null |
      awk -F: -v path="$path" '{ line = $2; sub(/^[^:]*:[^:]*:[^:]*: /, ""); printf "finding\t%s\t%s\t%s\n", path, line, $0 }' || true
  fi
done
