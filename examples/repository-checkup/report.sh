#!/bin/sh
# Puts the results of the other steps together: a Markdown report in $REPORT, and its essence on stdout.
set -eu
directory=${ARBITER_CALLER_DIRECTORY:-$(pwd)}
report=${REPORT:-repository-checkup.md}
case $report in
  /*) ;;
  *) report=$directory/$report ;;
esac
tab=$(printf '\t')
needs=$ARBITER_NEEDS
all=$(mktemp)
trap 'rm -f "$all" "$all".kinds "$all".findings' EXIT
cat "$needs"/scan.* "$needs"/scripts "$needs"/secrets "$needs"/history > "$all" 2> /dev/null || true

awk -F "$tab" '$1 == "kind" { files[$2] += $3; lines[$2] += $4; bytes[$2] += $5 }
  END { for (k in files) printf "%d\t%s\t%d\t%d\n", lines[k], k, files[k], bytes[k] }' "$all" | sort -rn > "$all".kinds
awk -F "$tab" '$1 == "finding" { printf "%s\t%s\t%s\n", $2, $3, $4 }' "$all" | sort -u -t "$tab" -k 1,1 -k 2,2n > "$all".findings

fact() { awk -F "$tab" -v name="$1" '$1 == "fact" && $2 == name { print $3 }' "$all"; }
files=$(awk -F "$tab" '{ n += $3 } END { print n + 0 }' "$all".kinds)
lines=$(awk -F "$tab" '{ n += $1 } END { print n + 0 }' "$all".kinds)
findings=$(wc -l < "$all".findings | tr -d ' ')
secrets=$(awk -F "$tab" '$1 == "finding"' "$needs"/secrets 2> /dev/null | wc -l | tr -d ' ')
missing=
for need in scripts secrets history; do
  [ -s "$needs/$need" ] || [ "$need" = secrets ] || [ "$need" = scripts ] || missing="$missing $need"
done

{
  echo "# Checkup of $(fact repository)"
  echo
  echo "Made $(date -u +%Y-%m-%dT%H:%MZ) by run $ARBITER_RUN."
  [ -z "$missing" ] || echo "**These parts failed and are missing:**$missing"
  echo
  echo '## Overview'
  echo
  awk -F "$tab" '$1 == "fact" { printf "- %s: %s\n", $2, $3 }' "$all"
  echo "- files: $files"
  echo "- lines: $lines"
  echo "- findings: $findings"
  echo
  echo '## What it is made of'
  echo
  echo '| kind | files | lines | bytes |'
  echo '| --- | ---: | ---: | ---: |'
  head -n 20 "$all".kinds | awk -F "$tab" '{ printf "| `%s` | %d | %d | %d |\n", $2, $3, $1, $4 }'
  echo
  echo '## What changes most'
  echo
  awk -F "$tab" '$1 == "hot" { printf "- `%s`: %d of the last 1000 commits\n", $2, $3 }' "$all"
  echo
  echo '## Findings'
  echo
  if [ "$findings" = 0 ]; then
    echo 'None.'
  else
    awk -F "$tab" '
      $1 != last { if (last != "") print ""; printf "**`%s`**\n\n", $1; last = $1 }
      { gsub(/`/, "\047", $3); if ($2 > 0) printf "- line %d: `%s`\n", $2, $3; else printf "- `%s`\n", $3 }' "$all".findings
  fi
} > "$report.new"
mv "$report.new" "$report"

echo "$(fact repository): $files files, $lines lines, $(fact commits) commits, authors: $(fact authors)"
echo "largest parts: $(head -n 3 "$all".kinds | awk -F "$tab" '{ printf "%s%s (%d lines)", (NR > 1 ? ", " : ""), $2, $1 }')"
echo "findings: $findings$([ "$secrets" = 0 ] || echo ", $secrets of them look like secrets")"
awk -F "$tab" '{ sub(/:.*/, "", $3); sub(/[0-9]+ /, "", $3); count[$3]++ }
  END { for (what in count) printf "%6d  %s\n", count[what], what }' "$all".findings | sort -rn | head -n 5
echo "report: $report"
