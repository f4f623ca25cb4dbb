#!/bin/sh
# A MariaDB of the tests' own: a new data directory in a temporary place, on a
# free loopback port. Prints the port once it answers. Stops, and removes all
# of it, when standard input ends, which is when the tests do.
set -eu

PATH="$PATH:/usr/sbin:/usr/bin"
for program in mariadbd mariadb-install-db; do
    command -v "$program" >/dev/null || { echo "no MariaDB server is installed" >&2; exit 1; }
done
dir=$(mktemp -d)
as=""
if [ "$(id -u)" = 0 ]; then
    # The server refuses to run as root. The packages that we install make no
    # user for it, and it needs nothing but this directory.
    chown nobody "$dir"
    as="runuser -u nobody --"
fi
trap 'rm -rf "$dir"' EXIT

small="--innodb-log-file-size=16M --innodb-buffer-pool-size=64M --innodb-use-native-aio=0"
$as mariadb-install-db --no-defaults --datadir="$dir/data" --skip-name-resolve --skip-test-db \
    --auth-root-authentication-method=normal $small >"$dir/install.log" 2>&1 \
    || { cat "$dir/install.log" >&2; exit 1; }
# latin1 is what the server itself takes where nobody says otherwise, and many
# old databases are in it: ours say what they are.
cat >"$dir/init.sql" <<'SQL'
create user duebell@'%' identified by 'a secret';
grant all on *.* to duebell@'%';
SQL
port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
# No flushing: the data is thrown away.
$as mariadbd --no-defaults --datadir="$dir/data" --port="$port" --bind-address=127.0.0.1 \
    --socket="$dir/socket" --pid-file="$dir/pid" --init-file="$dir/init.sql" --skip-name-resolve \
    --skip-log-bin --innodb-flush-log-at-trx-commit=0 --innodb-doublewrite=0 \
    --max-connections=200 $small >"$dir/server.log" 2>&1 &
server=$!
ready=0
for _ in $(seq 100); do
    if grep -q 'ready for connections' "$dir/server.log"; then ready=1; break; fi
    kill -0 "$server" 2>/dev/null || break
    sleep 0.1
done
[ "$ready" = 1 ] || { cat "$dir/server.log" >&2; kill "$server" 2>/dev/null; exit 1; }
echo "$port"
cat >/dev/null
# Of the server itself: runuser does not pass this signal on.
kill -KILL "$(cat "$dir/pid")" 2>/dev/null || true
wait "$server" 2>/dev/null || true
