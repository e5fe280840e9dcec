#!/bin/sh
# Looks for what should not be in a repository: private keys, and tokens by their well-known shapes.
set -eu
. ./repository.sh

look() {
  git grep -nIE -e "$2" -- . | cut -c 1-200 | awk -F: -v what="$1" '{ printf "finding\t%s\t%s\t%s\n", $1, $2, what }' || true
}
look 'private key' '^-----BEGIN [A-Z ]*PRIVATE KEY-----'
look 'AWS access key' '(^|[^A-Z0-9])AKIA[0-9A-Z]{16}([^A-Z0-9]|$)'
look 'GitHub token' '(^|[^A-Za-z0-9_])gh[pousr]_[A-Za-z0-9]{36}'
look 'Slack token' 'xox[abprs]-[0-9A-Za-z-]{10,}'
