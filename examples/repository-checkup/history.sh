#!/bin/sh
# How the repository changes: one `fact` per line, and the files that change most often.
set -eu
. ./repository.sh

fact() { printf 'fact\t%s\t%s\n' "$1" "$2"; }
fact repository "$(basename "${top:?}")"
if ! git rev-parse --verify --quiet HEAD > /dev/null; then
  fact commits 0
  exit 0
fi
fact branch "$(git rev-parse --abbrev-ref HEAD)"
fact 'last commit' "$(git log -1 --format='%h %cs %s' | cut -c 1-100)"
fact commits "$(git rev-list --count HEAD)"
fact authors "$(git log --format=%ae | sort -u | wc -l | tr -d ' ')"
fact 'commits of the last 30 days' "$(git rev-list --count --since='30 days ago' HEAD)"
fact 'uncommitted changes' "$(git status --porcelain | wc -l | tr -d ' ')"
git log -n 1000 --format= --name-only | awk 'NF { changes[$0]++ } END { for (f in changes) printf "%d\t%s\n", changes[f], f }' |
  sort -rn | head -n 10 | awk -F '\t' '{ printf "hot\t%s\t%s\n", $2, $1 }'
