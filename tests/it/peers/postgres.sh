#!/bin/sh
# A PostgreSQL of the tests' own: a new cluster in a temporary directory, on a
# free loopback port. Prints the port once it answers. Stops, and removes all
# of it, when standard input ends, which is when the tests do.
set -eu

bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$bin" ] || { echo "no PostgreSQL server is installed" >&2; exit 1; }
dir=$(mktemp -d)
as=""
if [ "$(id -u)" = 0 ]; then
    # initdb refuses to run as root.
    chown postgres "$dir"
    as="runuser -u postgres --"
fi
trap 'rm -rf "$dir"' EXIT

$as "$bin/initdb" -D "$dir/data" -U duebell --auth=trust --no-sync -E UTF8 --locale=C >"$dir/initdb.log" 2>&1 \
    || { cat "$dir/initdb.log" >&2; exit 1; }
port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
# No fsync: the cluster is thrown away. SIGKILL of our own processes, which is
# what the tests do, loses nothing by it. Statements are counted, with room for
# those of every test's database; lines of the log begin with the database, and
# so can be told apart.
$as "$bin/postgres" -D "$dir/data" -p "$port" -k "$dir" -c listen_addresses=127.0.0.1 \
    -c fsync=off -c max_connections=200 -c shared_buffers=128MB \
    -c shared_preload_libraries=pg_stat_statements -c pg_stat_statements.max=50000 \
    -c log_line_prefix='%d|' >"$dir/server.log" 2>&1 &
server=$!
ready=0
for _ in $(seq 100); do
    if "$bin/pg_isready" -q -h 127.0.0.1 -p "$port"; then ready=1; break; fi
    sleep 0.1
done
[ "$ready" = 1 ] || { cat "$dir/server.log" >&2; kill "$server" 2>/dev/null; exit 1; }
echo "$port"
cat >/dev/null
# Of the server itself: runuser passes the signal on.
$as "$bin/pg_ctl" -D "$dir/data" -m immediate stop >/dev/null 2>&1 || true
wait "$server" 2>/dev/null || true
