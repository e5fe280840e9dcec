#!/bin/sh
# Looks at every file whose number falls to this shard: scan.sh SHARD SHARDS. Writes one line per kind of file
# (kind, files, lines, bytes) and one per finding (path, line, what), separated by tabs.
set -eu
shard=$1
shards=$2
. ./repository.sh

tab=$(printf '\t')
list=$(mktemp)
trap 'rm -f "$list"' EXIT
git ls-files -s | awk -F "$tab" -v shard="$shard" -v shards="$shards" '
  $1 ~ /^100/ && $2 !~ /^"/ && NR % shards == shard { print $2 }' > "$list"
echo "shard $shard: $(wc -l < "$list") files" >&2

while IFS= read -r path; do
  [ -f "$path" ] || continue
  bytes=$(wc -c < "$path")
  if [ "$bytes" -gt 0 ] && ! grep -Iq . "$path"; then
    printf 'kind\t(binary)\t1\t0\t%s\n' "$bytes"
    if [ "$bytes" -gt 1048576 ]; then
      printf 'finding\t%s\t0\tbinary file of %s bytes\n' "$path" "$bytes"
    fi
    continue
  fi
  awk -v path="$path" -v bytes="$bytes" '
    function finding(line, what) { if (findings++ < 20) printf "finding\t%s\t%d\t%s\n", path, line, what }
    BEGIN {
      name = path; sub(/.*\//, "", name)
      kind = name ~ /.\./ ? name : "(no extension)"
      if (kind == name) sub(/.*\./, ".", kind)
    }
    /\r$/ { if (!carriage++) finding(FNR, "line ends with a carriage return") }
    /[ \t]$/ { if (kind != ".md") { if (!blanks++) first_blank = FNR } }
    /^(<<<<<<<|>>>>>>>) / { finding(FNR, "merge conflict marker") }
    /[T]ODO|[F]IXME|[X]XX/ { finding(FNR, "open mark: " substr($0, match($0, /[T]ODO|[F]IXME|[X]XX/), 60)) }
    length($0) > longest { longest = length($0); longest_line = FNR }
    END {
      if (blanks) finding(first_blank, blanks " lines with trailing blanks")
      if (longest > 400 && kind !~ /^\.(lock|json|svg|csv|txt|patch)$/) {
        finding(longest_line, "overlong line: " longest " characters")
      }
      printf "kind\t%s\t1\t%d\t%d\n", kind, NR, bytes
    }' "$path"
  if [ "$bytes" -gt 0 ] && [ -n "$(tail -c 1 "$path")" ]; then
    printf 'finding\t%s\t0\tno newline at the end\n' "$path"
  fi
done < "$list" | awk -F "$tab" '
  $1 == "kind" { files[$2] += $3; lines[$2] += $4; bytes[$2] += $5; next }
  { print }
  END { for (k in files) printf "kind\t%s\t%d\t%d\t%d\n", k, files[k], lines[k], bytes[k] }'
