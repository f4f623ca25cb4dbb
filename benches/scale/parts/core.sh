# Parts that need no database: smtp, decide, replay.

part_smtp() {
    population="$count_smtp letters of 2 KB, 32 connections"
    serve smtp
    local sink=$pid told
    told=$(${cargo} bench -q --locked --bench smtp -- "$port" "$count_smtp" 32)
    figure 'letters' "$(jq .rate <<<"$told")" letters/s
    figure 'CPU of the sender' "$(jq .cpu_us <<<"$told")" 'µs per letter'
    stop "$sink"
}

part_decide() {
    population='2000 accounts of one to six bills, ladder of five steps'
    local said
    said=$(${cargo} bench -q --locked --bench decide)
    say "$said"
    figure 'decisions, one core' "$(sed -n 's/^decide: \([0-9]*\) .*/\1/p' <<<"$said")" decisions/s
    figure 'one decision' "$(sed -n 's/.*, \([0-9.]*\) µs per.*/\1/p' <<<"$said")" µs
}

part_replay() {
    population="$count_replay bills over twenty months"
    local said
    said=$(${cargo} bench -q --locked --bench replay -- "$count_replay")
    say "$said"
    figure 'replay' "$(sed -n 's/.* \([0-9]*\) bills\/s$/\1/p' <<<"$said")" bills/s
    figure 'peak memory' "$(sed -n 's/.* \([0-9]*\) MiB at most.*/\1/p' <<<"$said")" MiB
}
