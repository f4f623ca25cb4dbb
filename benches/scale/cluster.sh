# A PostgreSQL of the benchmarks' own, durable as in production.

export PGOPTIONS=--client-min-messages=warning

pg_start() {
    bin=$(compgen -G '/usr/lib/postgresql/*/bin' | sort -V | tail -n 1)
    as=()
    if [ "$(id -u)" = 0 ]; then
        # initdb refuses to run as root.
        chmod 711 "$dir"
        install -d -o postgres "$dir/pg" "$dir/copy"
        as=(runuser -u postgres --)
    else
        mkdir "$dir/pg" "$dir/copy"
    fi
    "${as[@]}" "$bin/initdb" -D "$dir/pg/data" -U duebell --auth=trust -E UTF8 --locale=C >"$dir/initdb.log" 2>&1 ||
        { cat "$dir/initdb.log" >&2; exit 1; }
    pg_port=$("$yard" port)
    cat >>"$dir/pg/data/postgresql.conf" <<SETTINGS
listen_addresses = '127.0.0.1'
unix_socket_directories = '$dir/pg'
fsync = on
synchronous_commit = on
shared_buffers = 2GB
max_wal_size = 8GB
wal_compression = lz4
track_commit_timestamp = on
max_connections = 200
SETTINGS
    "${as[@]}" "$bin/pg_ctl" -D "$dir/pg/data" -o "-p $pg_port" -l "$dir/pg/log" -w start >/dev/null ||
        { cat "$dir/pg/log" >&2; exit 1; }
    postmaster=$(head -n 1 "$dir/pg/data/postmaster.pid")
    has_strategy=$(sql postgres "select current_setting('server_version_num')::int >= 150000")
    say "PostgreSQL $(sql postgres 'show server_version') with $(sql postgres "
        select string_agg(name || '=' || current_setting(name), ' ' order by name)
        from pg_settings where source = 'configuration file' and category !~ '^Client|^Reporting'")"
}

pg_stop() {
    [ -z "${postmaster:-}" ] || "${as[@]}" "$bin/pg_ctl" -D "$dir/pg/data" -m fast -w stop >/dev/null
}

# sql DATABASE STATEMENTS [psql options]
sql() {
    local database=$1 statements=$2
    shift 2
    "$bin/psql" -XqAt -v ON_ERROR_STOP=1 "$@" "$(url "$database")" -c "$statements"
}

url() {
    echo "postgres://duebell@127.0.0.1:$pg_port/$1"
}

# database NAME [TEMPLATE]: an empty one, or a copy.
database() {
    sql postgres "drop database if exists $1 with (force)"
    local strategy=
    [ "$has_strategy" = f ] || strategy='strategy file_copy'
    sql postgres "create database $1 ${2:+template $2 $strategy}"
}

# Seconds of CPU of a process.
cpu_of() {
    local stat
    stat=$(cat "/proc/$1/stat")
    # The name, in brackets, may hold anything.
    # shellcheck disable=SC2086
    set -- ${stat##*) }
    calc "(${12} + ${13}) / $ticks"
}

# Seconds of CPU of the whole cluster: of what runs now, and of what has ended.
cpu_of_pg() {
    local stat
    {
        stat=$(cat "/proc/$postmaster/stat")
        echo "${stat##*) }" | awk '{ print $12 + $13 + $14 + $15 }'
        # A backend may end while we look; its time is the postmaster's then.
        for child in $(cat "/proc/$postmaster/task/$postmaster/children"); do
            stat=$(cat "/proc/$child/stat" 2>/dev/null) || continue
            echo "${stat##*) }" | awk '{ print $12 + $13 }'
        done
    } | awk -v ticks="$ticks" '{ sum += $1 } END { printf "%.2f", sum / ticks }'
}

ticks=$(getconf CLK_TCK)

# Our tables that hold no ledger and no switches: what grows with reminders.
growing="
    select c.relname from pg_class as c
    join pg_namespace as n on n.oid = c.relnamespace and n.nspname = 'public'
    where c.relkind in ('r', 'p') and not c.relispartition
      and c.relname <> all (array['account', 'bill', 'payment', 'hold', 'touched', 'feed', 'reject',
          'policy', 'control', 'mark', 'plan_mark', 'lease'])
      and c.relname not like '\_sqlx%' and c.relname not like 'bare\_%'
    order by 1"

# What a table takes with its indexes and partitions, for all growing ones.
sizes() {
    sql "$1" "
        select g.relname || ' ' || coalesce(
            (select sum(pg_total_relation_size(t.relid)) from pg_partition_tree(g.relname::regclass) as t),
            pg_total_relation_size(g.relname::regclass))
        from ($growing) as g"
}

# bare_copy DATABASE TABLE...: seconds that COPY takes for the rows of these
# tables, one after the other, into new ones with the same indexes.
bare_copy() {
    local database=$1 total=0 ms
    shift
    for table in "$@"; do
        sql "$database" "copy (select * from $table) to '$dir/copy/$table' (format binary)"
        sql "$database" "drop table if exists bare_$table; create table bare_$table (like $table including all)"
        sql postgres checkpoint
        ms=$(printf '\\timing on\ncopy bare_%s from %s (format binary)\n' "$table" "'$dir/copy/$table'" |
            "$bin/psql" -Xq -v ON_ERROR_STOP=1 "$(url "$database")" | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p')
        total=$(calc "$total + $ms / 1000")
        sql "$database" "drop table bare_$table"
        "${as[@]}" rm "$dir/copy/$table"
    done
    echo "$total"
}
