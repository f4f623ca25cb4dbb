# Parts with more than one daemon, or with somebody who holds on: two-daemons,
# takeover, snapshot.

# start_all STORE NUMBER: daemons that have planned and wait; ids in $daemons.
start_all() {
    local number
    daemons=()
    duebell "$1" live >/dev/null
    duebell "$1" halt >/dev/null
    for number in $(seq "$2"); do
        run "$1" "$1.$number"
        daemons+=("$pid")
    done
    eventually 3600 'the plan' is_planned "$1"
    # Time to have shared the work among them.
    sleep "$((${lease_s%.*} / 3 + 3))"
    gateway POST reset >/dev/null
}

stop_all() {
    local id
    for id in "${daemons[@]}"; do stop "$id"; done
}

# together STORE NUMBER COUNT: the rate of so many daemons is in $rate.
together() {
    prepare "$1" many "$(in_flight 100)"
    start_all "$1" "$2"
    duebell "$1" resume >/dev/null
    eventually 3600 "$3 requests" requested "$3"
    stats=$(gateway GET stats)
    eventually 300 'the last outcome' holds_postgres "$1" accepted "$3"
    stop_all
    [ "$(jq .duplicates <<<"$stats")" = 0 ] || fail "something was sent twice: $stats"
    rate=$(jq ".distinct / ((.last_ms - .first_ms) / 1000)" <<<"$stats")
}

part_two_daemons() {
    local count=$count_many one
    population many "$count" 1 "$count" 0 0
    serve provider --latency-ms 50
    gateway_port=$port
    local gateway_pid=$pid
    together one_daemon 1 "$count"
    one=$rate
    figure 'one daemon, 100 in flight' "$one" reminders/s
    together two_daemons 2 "$count"
    figure 'two daemons, 100 in flight each' "$rate" reminders/s
    figure 'rate ratio' "$(calc "$rate / $one")" ratio 'one daemon'
    stop "$gateway_pid"
}

# What the killed one held is either not submitted yet, and must move on, or
# was being submitted, and is in doubt: never sent again.
nothing_waits() {
    [ "$(sql "$1" "select count(*) from reminder_standing where state = 'planned'")" = 0 ]
}

part_takeover() {
    local count=$count_many killed_ms in_doubt
    population many "$count" 1 "$count" 0 0
    serve provider --latency-ms 50
    gateway_port=$port
    local gateway_pid=$pid
    prepare takeover many "$(in_flight 100)"
    start_all takeover 2
    duebell takeover resume >/dev/null
    eventually 600 'a fifth of the requests' eval "gateway GET stats | jq -e '.distinct > $count / 5' >/dev/null"
    killed_ms=$(now_ms)
    stop "${daemons[0]}" KILL
    eventually 600 'the end of waiting' nothing_waits takeover
    stats=$(gateway GET stats)
    in_doubt=$(sql takeover "select count(*) from reminder_standing where state in ('submitting', 'unknown')")
    stop_all
    [ "$(jq .duplicates <<<"$stats")" = 0 ] || fail "something was sent twice: $stats"
    [ "$(calc "$(jq .distinct <<<"$stats") + $in_doubt >= $count")" = 1 ] || fail "something was lost: $stats"
    figure 'kill to the last orphan sent' "$(calc "($(jq .last_ms <<<"$stats") - $killed_ms) / 1000")" s \
        "a lease of $lease_s s"
    figure 'longest silence at the gateway' "$(calc "$(jq .pause_ms <<<"$stats") / 1000")" s "a lease of $lease_s s"
    figure 'in doubt after the kill' "$in_doubt" reminders
    stop "$gateway_pid"
}

# over SECONDS: requests a second that reach the gateway in that time.
over() {
    local before after
    before=$(gateway GET stats | jq .requests)
    sleep "$1"
    after=$(gateway GET stats | jq .requests)
    calc "($after - $before) / $1"
}

part_snapshot() {
    local hold=$snapshot_s ends=10 count before first last holder
    # 25 in flight at 50 ms are 500 a second, were there nothing else to do.
    count=$((500 * (hold + 3 * ends)))
    population snapshot $count 1 $count 0 0
    serve provider --latency-ms 50
    gateway_port=$port
    local gateway_pid=$pid
    prepare snapshot snapshot "$(in_flight 25)"
    start_all snapshot 1
    duebell snapshot resume >/dev/null
    eventually 60 'the first requests' eval "gateway GET stats | jq -e '.distinct > 500' >/dev/null"
    before=$(over $ends)
    sql snapshot "begin isolation level repeatable read; select count(*) from plan_mark; select pg_sleep($hold)" >/dev/null &
    holder=$!
    sleep 1
    first=$(over $ends)
    sleep $((hold - 2 * ends - 2))
    last=$(over $ends)
    wait $holder
    stop_all
    figure 'rate before the snapshot' "$before" reminders/s
    figure "rate in the first $ends s of it" "$first" reminders/s
    figure "rate in the last $ends s of $hold" "$last" reminders/s
    figure 'rate kept' "$(calc "$last / $before")" ratio 'before the snapshot'
    stop "$gateway_pid"
}
