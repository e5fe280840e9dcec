#!/bin/sh
# Asks a person what the report shall be about; what they answer is this step's result.
set -eu
echo "I cannot decide this alone, so I ask." >&2
arbiter task ask 'What shall the report be about?' --option words --option links --option commands \
  --default words --expires 10m
