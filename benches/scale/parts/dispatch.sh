# Parts that send: dispatch, dispatch-sqlite, bytes, receipts.

# dispatch NAME COUNT ENGINE: plans with the kill switch set, then lets go
# and times it to the last durable outcome. The store is there, synced, and
# the settings are written; results are in the variables below.
dispatch() {
    local name=$1 count=$2 engine=$3 cpu_before pg_before after
    sent_rate='' durable_rate='' daemon_cpu='' pg_cpu='' dead=0
    duebell "$name" live >/dev/null
    duebell "$name" halt >/dev/null
    run "$name"
    eventually 3600 'the plan' "is_planned_$engine" "$name"
    eventually 60 "$count reminders" "holds_$engine" "$name" planned "$count"
    # What the plan left to do in the background is not the dispatch's. A
    # session of PostgreSQL tells what it did within ten seconds.
    sleep 11
    [ "$engine" = sqlite ] || sql postgres checkpoint
    [ "$engine" = sqlite ] || dead=$(dead_rows "$name")
    gateway POST reset >/dev/null
    cpu_before=$(cpu_of "$pid") pg_before=$(cpu_of_pg)
    duebell "$name" resume >/dev/null
    eventually 3600 "$count requests" requested "$count"
    eventually 300 'the last outcome' "has_outcomes_$engine" "$name" "$count"
    after=$(last_outcome_ms "$engine" "$name")
    daemon_cpu=$(calc "$(cpu_of "$pid") - $cpu_before") pg_cpu=$(calc "$(cpu_of_pg) - $pg_before")
    read -r peak_mib rss_mib < <(memory "$pid")
    "holds_$engine" "$name" accepted "$count" || fail "not all of $count are accepted"
    stats=$(gateway GET stats)
    stop "$pid"
    # The last words of its sessions come a moment later.
    sleep 1
    [ "$engine" = sqlite ] || dead=$(calc "($(dead_rows "$name") - $dead) / $count")
    sent_rate=$(calc "$count / ($(jq '.last_ms - .first_ms' <<<"$stats") / 1000)")
    durable_rate=$(calc "$count / (($after - $(jq .first_ms <<<"$stats")) / 1000)")
    [ "$(jq .duplicates <<<"$stats")" = 0 ] || fail "something was sent twice: $stats"
}

# When the last outcome was durable. PostgreSQL keeps the time of each commit;
# asking again and again would take the time that is measured.
last_outcome_ms() {
    [ "$1" = postgres ] || { now_ms; return; }
    sql "$2" 'select (extract(epoch from max(pg_xact_commit_timestamp(xmin))) * 1000)::bigint from transition'
}

is_planned_postgres() {
    is_planned "$1"
}

# The command line, because SQLite's is not on every machine.
is_planned_sqlite() {
    [[ "$(duebell "$1" status --json | jq -r .planned_through)" > "$(date -d "$today - 1 day" +%F)" ]]
}

# holds_ENGINE NAME STATE COUNT: whether so many reminders are in that state.
holds_postgres() {
    [ "$(sql "$1" "select count(*) from reminder_standing where state = '$2'")" = "$3" ]
}

holds_sqlite() {
    [ "$(duebell "$1" status --json | jq ".reminders.$2 // 0")" = "$3" ]
}

# has_outcomes_ENGINE NAME COUNT: whether so many have an outcome: asked while
# the CPU is counted, so cheaply, and made sure of by holds_ENGINE after it.
has_outcomes_postgres() {
    [ "$(sql "$1" 'select count(*) from transition')" = "$2" ]
}

has_outcomes_sqlite() {
    holds_sqlite "$1" accepted "$2"
}

requested() {
    gateway GET stats | jq -e ".distinct >= $1 and .in_flight == 0" >/dev/null
}

# bare CLIENT COUNT IN_FLIGHT: the rate of a client that does nothing else is
# in $bare_rate, timed at the gateway as the daemon is.
bare() {
    local told
    gateway POST reset >/dev/null
    told=$("$yard" bare --url "http://127.0.0.1:$gateway_port/send" --client "$1" --count "$2" --concurrency "$3")
    say "$told"
    [ "$(jq .refused <<<"$told")" = 0 ] || fail "the gateway refused: $told"
    bare_rate=$(gateway GET stats | jq '.requests / ((.last_ms - .first_ms) / 1000)')
    bare_cpu=$(jq .cpu_s_per_1000 <<<"$told")
}

# graphile COUNT IN_FLIGHT: the same by the best peer.
graphile() {
    local told pg_before arguments
    database peer
    arguments=(--database "$(url peer)" --url "http://127.0.0.1:$gateway_port/send"
        --count "$1" --concurrency "$2" --local-queue $(($2 * 2)) --complete-delay-ms 50)
    say "$("$yard" graphile --phase enqueue "${arguments[@]}")"
    sql peer 'vacuum analyze'
    sql postgres checkpoint
    pg_before=$(cpu_of_pg)
    told=$("$yard" graphile --phase work "${arguments[@]}")
    peer_pg_cpu=$(calc "($(cpu_of_pg) - $pg_before) / $1 * 1000")
    say "$told"
    peer_rate=$(jq .rate <<<"$told") peer_cpu=$(jq .cpu_worker_s_per_1000 <<<"$told")
    peer_mib=$(jq .rss_mib <<<"$told")
    database peer
}

# prepare NAME POPULATION SETTINGS...: a store of its own, as on a morning on
# which nothing waits.
prepare() {
    local name=$1 from=$2
    shift 2
    synced "$from"
    database "$name" "synced_$from"
    settings "$name" "source_$from" "$(url "$name")" pre3 "$@"
    steady "$name"
}

# in_flight NUMBER: settings for so many submissions under way.
in_flight() {
    printf 'in_flight_max = %s\n' "$1"
    ! has dispatch_batch || printf 'dispatch_batch = %s\n' "$(($1 > 500 ? $1 : 500))"
}

part_dispatch() {
    local count=$count_dispatch before after vs beside
    population dispatch "$count" 1 "$count" 0 0
    serve provider --latency-ms 50
    gateway_port=$port
    local gateway_pid=$pid
    prepare dispatch dispatch "$(in_flight 1000)"
    local sizes_before
    sizes_before=$(sizes dispatch)
    bare hyper "$count" 1000
    local hyper=$bare_rate
    bare reqwest "$count" 1000
    before=$bare_rate
    dispatch dispatch "$count" postgres
    bare reqwest "$count" 1000
    after=$bare_rate
    vs=$(calc "($before + $after) / 2") beside="bare reqwest, ${before%.*} before and ${after%.*} after"
    figure 'rate, first to last request' "$sent_rate" reminders/s
    figure 'rate, first request to last durable outcome' "$durable_rate" reminders/s
    figure 'bare reqwest' "$vs" requests/s
    figure 'bare reqwest, CPU' "$bare_cpu" 's per 1000'
    figure 'bare hyper' "$hyper" requests/s
    figure 'rate ratio' "$(calc "$durable_rate / $vs")" ratio "$beside"
    figure 'in flight at most' "$(jq .in_flight_max <<<"$stats")" requests
    figure 'CPU of daemon and PostgreSQL' "$(calc "($daemon_cpu + $pg_cpu) / $count * 1000")" 's per 1000'
    figure 'CPU of the daemon' "$(calc "$daemon_cpu / $count * 1000")" 's per 1000'
    figure 'CPU of PostgreSQL' "$(calc "$pg_cpu / $count * 1e6")" 'µs per reminder'
    figure 'peak memory' "$peak_mib" MiB
    figure 'memory at the end' "$rss_mib" MiB
    figure 'dead rows left' "$dead" 'per reminder'
    rate_postgres=$durable_rate
    bytes dispatch "$count" "$sizes_before"
    if [ "${BENCH_PEER:-1}" = 1 ]; then
        graphile "$count" 1000
        figure 'graphile_worker' "$peer_rate" jobs/s
        figure 'graphile_worker, CPU with PostgreSQL' "$(calc "$peer_cpu + $peer_pg_cpu")" 's per 1000'
        figure 'graphile_worker, peak memory' "$peer_mib" MiB
        figure 'rate ratio' "$(calc "$durable_rate / $peer_rate")" ratio graphile_worker
    fi
    stop "$gateway_pid"
}

# Updates and deletes so far: each leaves a dead row, whether or not vacuum has
# come by since.
dead_rows() {
    sql "$1" 'select sum(n_tup_upd + n_tup_del) from pg_stat_user_tables'
}

# bytes STORE COUNT SIZES_BEFORE
bytes() {
    local total=0 table after before
    while read -r table after; do
        before=$(awk -v table="$table" '$1 == table { print $2 }' <<<"$3")
        [ "$after" -gt "${before:-0}" ] || continue
        figure "bytes of $table" "$(calc "($after - ${before:-0}) / $2")" 'per reminder'
        total=$((total + after - ${before:-0}))
    done < <(sizes "$1")
    figure 'bytes with its history' "$(calc "$total / $2")" 'per reminder'
}

# On its own: the figures of dispatch are not needed to know the sizes.
part_bytes() {
    local count=$count_dispatch sizes_before
    population dispatch "$count" 1 "$count" 0 0
    serve provider --latency-ms 0
    gateway_port=$port
    local gateway_pid=$pid
    prepare bytes dispatch "$(in_flight 1000)"
    sizes_before=$(sizes bytes)
    dispatch bytes "$count" postgres
    bytes bytes "$count" "$sizes_before"
    stop "$gateway_pid"
}

part_dispatch_sqlite() {
    local count=$count_dispatch name=dispatch_sqlite
    population dispatch "$count" 1 "$count" 0 0
    serve provider --latency-ms 50
    gateway_port=$port
    local gateway_pid=$pid
    if [ -z "${rate_postgres:-}" ]; then
        prepare dispatch dispatch "$(in_flight 1000)"
        dispatch dispatch "$count" postgres
        rate_postgres=$durable_rate
    fi
    rm -f "$dir/$name.db"*
    settings "$name" source_dispatch "sqlite://$dir/$name.db" pre3 "$(in_flight 1000)"
    duebell "$name" sync >/dev/null
    dispatch "$name" "$count" sqlite
    figure 'rate, first request to last durable outcome' "$durable_rate" reminders/s
    figure 'rate ratio' "$(calc "$durable_rate / $rate_postgres")" ratio "the PostgreSQL store, ${rate_postgres%.*}"
    figure 'CPU of the daemon' "$(calc "$daemon_cpu / $count * 1000")" 's per 1000'
    figure 'peak memory' "$peak_mib" MiB
    figure 'bytes of the file' "$(calc "$(stat -c %s "$dir/$name.db") / $count")" 'per reminder and account'
    stop "$gateway_pid"
}

# Receipts land at the daemon's own door: the server, the inbox and the store,
# over both engines.
part_receipts() {
    local told line store rate p99
    population='receipts: 50000, one a request, 64 connections'
    database receipts
    told=$(DUEBELL_BENCH_STORE=$(url receipts) ${cargo} bench --locked --bench receipts 2>/dev/null)
    while read -r line; do
        store=${line%%:*}
        rate=$(sed -nE 's/.* ([0-9.]+) receipts\/s.*/\1/p' <<<"$line")
        p99=$(sed -nE 's/.*p99 ([0-9.]+) ms.*/\1/p' <<<"$line")
        [ -n "$rate" ] && [ -n "$p99" ] || fail "cannot read: $line"
        figure "$store: receipts, durable before the answer" "$rate" receipts/s
        figure "$store: answer, 99 of 100" "$p99" ms
    done < <(grep 'receipts/s' <<<"$told")
}
