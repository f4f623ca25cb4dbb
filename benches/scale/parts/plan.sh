# Parts that read and decide: sync, plan.

# plan STORE POPULATION LADDER EXPECTED: a daemon with the kill switch set,
# from its start to the day planned; results in the variables below.
plan() {
    local name=$1 expected=$4 pg_before began
    settings "$name" "source_$2" "$(url "$name")" "$3"
    duebell "$name" live >/dev/null
    duebell "$name" halt >/dev/null
    sql "$name" 'vacuum analyze'
    # A copy of a database begins with nothing in memory; one at work does not.
    sql "$name" "create extension if not exists pg_prewarm; select sum(pg_prewarm(oid)) from pg_class
        where relkind in ('r', 'i') and relnamespace = 'public'::regnamespace" >/dev/null
    sql postgres checkpoint
    pg_before=$(cpu_of_pg)
    began=$(now_ms)
    run "$name"
    eventually 7200 'the plan' is_planned "$name"
    plan_s=$(calc "($(now_ms) - $began) / 1000")
    plan_cpu=$(calc "$(cpu_of "$pid") + $(cpu_of_pg) - $pg_before")
    read -r plan_mib _ < <(memory "$pid")
    stop "$pid"
    local found
    found=$(sql "$name" 'select count(*) from reminder')
    [ "$found" = "$expected" ] || fail "$found reminders instead of $expected"
}

# The tables that a plan has written to.
written() {
    local table
    for table in $(sql "$1" "$growing"); do
        [ "$(sql "$1" "select exists (select 1 from $table)")" = f ] || echo "$table"
    done
}

# The day's cost with the same number due, among few bills and among many.
day_cost() {
    prepare plan_cost "$1" ''
    plan plan_cost "$1" pre2 "$2"
}

part_plan() {
    local accounts=$((count_bills / 2)) due=$count_due other=$((count_due / 10)) tables copy_s
    population large $accounts 2 "$due" "$other" 0
    prepare plan large ''
    plan plan large pre3 "$due"
    local all_s=$plan_s
    figure 'plan' "$(calc "$due / $all_s")" reminders/s
    figure 'plan, from the start of the daemon' "$all_s" s
    figure 'CPU of daemon and PostgreSQL' "$(calc "$plan_cpu / $due * 1e6")" 'µs per reminder'
    figure 'peak memory' "$plan_mib" MiB
    copy_s=$(bare_copy plan reminder)
    figure 'bare COPY of the reminders' "$(calc "$due / $copy_s")" rows/s
    figure 'plan ratio' "$(calc "$copy_s / $all_s")" ratio 'bare COPY of the reminders'
    mapfile -t tables < <(written plan)
    copy_s=$(bare_copy plan "${tables[@]}")
    figure 'plan ratio' "$(calc "$copy_s / $all_s")" ratio "bare COPY of all rows written: ${tables[*]}"
    # Again, as if it had been killed before the day was marked as planned.
    steady plan
    plan plan large pre3 "$due"
    figure 'plan where every row is there' "$(calc "$due / $plan_s")" reminders/s
    figure 'plan ratio where every row is there' "$(calc "$copy_s / $plan_s")" ratio \
        "bare COPY of all rows written"
    day_cost large "$other"
    local large_s=$plan_s large_cpu=$plan_cpu
    population small $((accounts / 10)) 2 0 "$other" 0
    day_cost small "$other"
    population="$other due among $count_bills bills, and among $((count_bills / 10))"
    figure "the day's time" "$(calc "$large_s / $plan_s")" ratio "a tenth of the bills: $plan_s s"
    figure "the day's CPU" "$(calc "$large_cpu / $plan_cpu")" ratio "a tenth of the bills: $plan_cpu s"
}

part_sync() {
    local accounts=$((count_bills / 2)) payments=$((count_bills / 10)) rows copy_s pg_before
    population sync $accounts 2 "$count_due" 0 $payments
    pg_before=$(cpu_of_pg)
    synced sync
    rows=$(jq '[.[].read] | add' "$dir/synced_sync.json")
    figure 'first sync' "$(calc "$rows / $watched_s")" rows/s
    figure 'CPU of the daemon' "$(calc "$watched_cpu / $rows * 1e6")" 'µs per row'
    figure 'CPU of PostgreSQL, both ends' "$(calc "($(cpu_of_pg) - $pg_before) / $rows * 1e6")" 'µs per row'
    figure 'peak memory' "$watched_mib" MiB
    database sync_copy synced_sync
    copy_s=$(bare_copy sync_copy account bill payment)
    figure 'bare COPY' "$(calc "$rows / $copy_s")" rows/s
    figure 'first sync, ratio' "$(calc "$copy_s / $watched_s")" ratio 'bare COPY'
    database sync_copy
}
