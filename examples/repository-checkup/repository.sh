#!/bin/sh
# Sourced by the steps: goes to the repository that is looked at ($REPOSITORY, else the one that holds this example).
# The results of needed steps, where there are any, stay reachable: their directory's path is absolute.
here=$(pwd)
repository=${REPOSITORY:-$here}
case $repository in
  /*) ;;
  *) repository=${ARBITER_CALLER_DIRECTORY:-$here}/$repository ;;
esac
if ! top=$(git -C "$repository" rev-parse --show-toplevel 2>/dev/null); then
  echo "$repository is not in a git repository (or git refuses it: see git's safe.directory)" >&2
  exit 65
fi
cd "$top" || exit 1
