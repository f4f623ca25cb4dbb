# Figures: arithmetic, one JSON line each, and the table of them.

# calc EXPRESSION: what awk makes of it, six digits; a division by nothing is null.
calc() {
    awk "BEGIN { x = $1; printf \"%.6g\", x }" 2>/dev/null || echo null
}

commit=$(git rev-parse --short HEAD)
git diff --quiet HEAD 2>/dev/null || commit=$commit+

# figure MEASURE VALUE UNIT [RATIO_TO]: of the part in $part, over the
# population in $population.
figure() {
    local load1
    read -r load1 _ </proc/loadavg
    jq -nc --arg part "$part" --arg measure "$1" --argjson value "$(calc "$2")" --arg unit "$3" \
        --arg ratio_to "${4:-}" --arg population "$population" --argjson load1 "$load1" \
        --arg commit "$commit" \
        '{part: $part, measure: $measure, value: $value, unit: $unit,
          ratio_to: (if $ratio_to == "" then null else $ratio_to end),
          population: $population, load1: $load1, commit: $commit}' | tee -a "$out"
}

# The results as a Markdown table, the newest last.
table() {
    echo '| part | measure | value | unit | beside | population | load | commit |'
    echo '|---|---|---|---|---|---|---|---|'
    jq -r '[.part, .measure, (if .value == null then "" else .value * 10000 | round / 10000 end),
            .unit, (.ratio_to // ""), .population, .load1, .commit]
           | "| " + (map(tostring) | join(" | ")) + " |"' "$1"
}

say() {
    echo "bench: $*" >&2
}

fail() {
    say "$part: $*"
    exit 1
}

# Time in milliseconds since 1970, as the gateway counts it.
now_ms() {
    local now=$EPOCHREALTIME
    echo $(( ${now/[.,]/} / 1000 ))
}
