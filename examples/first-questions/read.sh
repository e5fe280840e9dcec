#!/bin/sh
# Reads a guide, part by part, and tells how far it is: read.sh GUIDE. PACE is how many seconds a part takes.
set -eu
guide=../../docs/guides/$1.md
parts=15
lines=$(wc -l < "$guide")
part=1
while [ "$part" -le "$parts" ]; do
  echo "part $part of $parts: $(sed -n "$((lines * part / parts))p" "$guide" | cut -c 1-60)" >&2
  arbiter task progress --percent $((100 * part / parts)) --message "part $part of $parts" > /dev/null
  sleep "${PACE:-2}"
  part=$((part + 1))
done
printf '%s words=%s links=%s commands=%s\n' "$1" "$(wc -w < "$guide")" "$(grep -c '](' "$guide" || true)" \
  "$(grep -c '^arbiter ' "$guide" || true)"
