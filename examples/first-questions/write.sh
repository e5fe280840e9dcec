#!/bin/sh
# Writes the report about what was chosen, from what the others found.
set -eu
choice=$(cat "$ARBITER_NEEDS/choose")
echo "The guides by their $choice:"
for found in "$ARBITER_NEEDS"/read.*; do
  read -r guide facts < "$found"
  for fact in $facts; do
    [ "${fact%%=*}" != "$choice" ] || printf '  %-14s %s\n' "$guide" "${fact#*=}"
  done
done
sleep "${PACE:-2}"
