# Made-up operators, daemons over them, and the peers that they talk to.

declare -A made=() synced_s=()
declare -a started=()

# serve NAME ARGUMENTS: a server of the yard; its port is in $port, its id in $pid.
serve() {
    local log=$dir/$1.$RANDOM
    "$yard" "$@" >"$log" 2>&1 &
    pid=$!
    started+=("$pid")
    for _ in $(seq 100); do
        port=$(sed -n 's/^port //p' "$log")
        [ -z "$port" ] || return 0
        sleep 0.05
    done
    fail "yard $1 did not start: $(cat "$log")"
}

# stop ID [SIGNAL]: of a process that we started.
stop() {
    kill "-${2:-TERM}" "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
    local left=() other
    for other in "${started[@]}"; do [ "$other" = "$1" ] || left+=("$other"); done
    started=("${left[@]}")
}

# gateway METHOD PATH: asks the gateway at $gateway_port.
gateway() {
    exec 3<>"/dev/tcp/127.0.0.1/$gateway_port"
    printf '%s /%s HTTP/1.1\r\nconnection: close\r\n\r\n' "$1" "$2" >&3
    sed '1,/^\r$/d' <&3
    exec 3>&-
}

# population NAME ACCOUNTS BILLS DUE DUE_OTHER PAYMENTS: makes it, once.
population() {
    today=$(TZ=Etc/GMT-14 date +%F)
    population="$1: $2 accounts, $3 open bills each, $4 due, $6 payments"
    [ "$5" = 0 ] || population+=", $5 due under the other ladder"
    [ -z "${made[$1]:-}" ] || return 0
    say "making $population"
    database "source_$1"
    "$bin/psql" -XqAt -v ON_ERROR_STOP=1 -v accounts="$2" -v bills="$3" -v due="$4" -v due_other="$5" \
        -v payments="$6" -v today="$today" -f benches/scale/population.sql "$(url "source_$1")"
    sql "source_$1" 'vacuum'
    made[$1]=yes
}

# has KEY: whether this build knows the setting.
has() {
    grep -qE "^(# *)?$1 = " config/default.toml
}

# settings NAME SOURCE STORE_URL LADDER [KEY=VALUE in [pipeline] ...]: writes
# $dir/NAME.toml, for a daemon that sends through the gateway.
settings() {
    local name=$1 source=$2 store=$3 ladder=$4
    shift 4
    echo 0123456789abcdef0123456789abcdef >"$dir/token"
    {
        printf '[paths]\npolicy = "%s"\n' "$PWD/benches/scale/policy/$ladder"
        # What is measured must not hang on the hour: a law that is always open.
        printf 'law = "%s"\n[contact]\nlaw = "open-all-hours"\n' "$PWD/benches/scale/law"
        printf '[store]\nurl = "%s"\n' "$store"
        printf '[source]\nurl = "%s"\nqueries = "%s"\n' "$(url "$source")" "$PWD/benches/scale/source"
        printf '[channels]\nsms = "http"\nvoice = "none"\nemail = "http"\n'
        printf '[provider.http]\nurl = "http://127.0.0.1:%s/send"\nchannels = ["sms", "email"]\ntoken_file = "%s"\n' \
            "${gateway_port:-9}" "$dir/token"
        if grep -q '^\[lease\]' config/default.toml; then
            printf '[lease]\nlength_s = %s\n' "$lease_s"
        fi
        # The feeds are read once, at the start: reading is not what is measured.
        printf '[pipeline]\nsync_every_s = 7200\nfeed_age_max_s = 80000\nsync_overlap_s = 0\n'
        printf '%s\n' "$@"
    } >"$dir/$name.toml"
}

# duebell NAME ARGUMENTS
duebell() {
    local name=$1
    shift
    "$daemon" --config "$dir/$name.toml" "$@"
}

# run NAME [LOG]: a daemon; its id is in $pid.
run() {
    "$daemon" --config "$dir/$1.toml" run </dev/null >"$dir/${2:-$1}.log" 2>&1 &
    pid=$!
    started+=("$pid")
}

# synced NAME: a store that has read the population, once; never touched again.
synced() {
    [ -z "${synced_s[$1]:-}" ] || return 0
    database "synced_$1"
    settings "synced_$1" "source_$1" "$(url "synced_$1")" pre3
    sql postgres checkpoint
    watched "$dir/synced_$1.json" "$daemon" --config "$dir/synced_$1.toml" sync --json
    local aside
    aside=$(jq '[.[].set_aside] | add' "$dir/synced_$1.json")
    [ "$aside" = 0 ] || fail "$aside rows were set aside"
    synced_s[$1]=$watched_s
    sql "synced_$1" 'vacuum analyze'
}

# watched FILE COMMAND: its output goes to FILE; seconds, seconds of CPU and
# peak memory are in $watched_s, $watched_cpu and $watched_mib.
watched() {
    local file=$1 told
    shift
    told=$("$yard" watch --output "$file" -- "$@" 2>"$file.err") || fail "$(cat "$file.err")"
    read -r watched_s watched_cpu watched_mib < <(jq -r '"\(.s) \(.cpu_s) \(.peak_mib)"' <<<"$told")
}

# steady STORE: as an installation is on a morning on which nothing waits: all
# days are planned through yesterday, no other ladder ever decided, and the feeds
# were read to their end long after their last change: else the first reading
# would go back by the overlap, to rows that the made-up source changed all
# within seconds.
steady() {
    sql "$1" "
        truncate touched;
        update feed set moved_at = moved_at - interval '1 day';
        delete from policy;
        delete from mark where name like 'schedule:plan%';
        insert into mark (name, at) values ('schedule:housekeeping', now()) on conflict (name) do update set at = now();
        insert into plan_mark (bucket, planned_through)
        select bucket, '$today'::date - 1 from generate_series(0, 1023) as bucket
        on conflict (bucket) do update set planned_through = excluded.planned_through"
}

is_planned() {
    [ "$(sql "$1" "select count(*) = 1024 and min(planned_through) >= '$today' from plan_mark")" = t ]
}

# eventually SECONDS WHAT COMMAND: until it holds.
eventually() {
    local deadline=$((SECONDS + $1)) what=$2
    shift 2
    until "$@"; do
        [ $SECONDS -lt $deadline ] || fail "$what did not come; see $dir"
        sleep 0.1
    done
}

# memory ID: peak and present resident memory in MiB.
memory() {
    awk '/^VmHWM/ { peak = $2 } /^RssAnon|^RssFile/ { now += $2 }
         END { printf "%.1f %.1f\n", peak / 1024, now / 1024 }' "/proc/$1/status"
}
