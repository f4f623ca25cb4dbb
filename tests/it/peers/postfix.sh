#!/bin/bash
# A Postfix of the test's own: it listens on a free loopback port, takes every
# letter, relays those to example.net to the mail server on the port that is
# given, and delivers what comes to bounce+…@billing.example into a Maildir, and
# what comes to reader@billing.example into another. Nobody has an address at gone.example. What is deferred is told as delayed
# after a second, and given up after six. Prints its port and the Maildir, or
# "unavailable:" and why. Stops, and removes all of it, when standard input
# ends, which is when the test does.
#
# Debian's package is unpacked once into target/ and run from there: nothing
# of it is installed, and no service is started.
set -euo pipefail
cd "$(dirname "$0")/../../.."
relay=$1

unavailable() { echo "unavailable: $1"; exit 0; }
[ "$(id -u)" = 0 ] || unavailable "its master runs as root"
root=$PWD/target/postfix-root
mkdir -p target
exec 9>target/postfix-root.lock
flock 9
if [ ! -e "$root/complete" ]; then
    rm -rf "$root" target/postfix-deb
    mkdir -p "$root" target/postfix-deb
    download() { (cd target/postfix-deb && apt-get -qq -o APT::Sandbox::User=root download postfix); }
    # A second time with fresh lists, as those here may be old or missing.
    { download || { apt-get -qq update && download; }; } >target/postfix-root.log 2>&1 \
        || unavailable "$(tail -n 1 target/postfix-root.log)"
    dpkg -x target/postfix-deb/postfix_*.deb "$root"
    touch "$root/complete"
fi
exec 9>&-
libraries=$root/usr/lib/postfix
missing=$(LD_LIBRARY_PATH=$libraries ldd "$libraries"/*.so "$libraries"/sbin/smtpd | grep 'not found' || true)
[ -z "$missing" ] || unavailable "it lacks $(echo "$missing" | awk '{print $1}' | sort -u | xargs)"

# What drops its rights must be able to come by.
dir=$(mktemp -d)
chmod 755 "$dir"
trap 'rm -rf "$dir"' EXIT
mkdir -m 755 "$dir/etc" "$dir/spool" "$dir/data" "$dir/mail"
chown daemon "$dir/data"
chown nobody "$dir/mail"
for queue in active bounce corrupt defer deferred flush hold incoming private saved trace; do
    mkdir -m 700 "$dir/spool/$queue"
    chown daemon "$dir/spool/$queue"
done
mkdir -m 755 "$dir/spool/pid"
mkdir -m 730 "$dir/spool/maildrop"
mkdir -m 710 "$dir/spool/public"
chown daemon:operator "$dir/spool/maildrop" "$dir/spool/public"
port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')

cat >"$dir/etc/main.cf" <<CONF
compatibility_level = 3.6
queue_directory = $dir/spool
data_directory = $dir/data
command_directory = $root/usr/sbin
daemon_directory = $root/usr/lib/postfix/sbin
shlib_directory = $libraries
meta_directory = $root/usr/share/postfix
mail_owner = daemon
setgid_group = operator
import_environment = MAIL_CONFIG TZ LANG=C LD_LIBRARY_PATH=$libraries
maillog_file = $dir/log
maillog_file_prefixes = $dir
myhostname = mx.billing.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
alias_maps =
local_recipient_maps =
disable_dns_lookups = yes
smtp_host_lookup = native
smtp_tls_security_level = none
smtpd_tls_security_level = none
smtpd_reject_unlisted_recipient = no
transport_maps = inline:{ {gone.example=error:5.1.1 nobody has this address} {example.net=relay:[127.0.0.1]:$relay} }
recipient_delimiter = +
virtual_mailbox_domains = billing.example
virtual_mailbox_base = $dir/mail
virtual_mailbox_maps = inline:{ {bounce@billing.example=bounces/} {reader@billing.example=reader/} }
virtual_uid_maps = static:$(id -u nobody)
virtual_gid_maps = static:$(id -g nobody)
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 1s
delay_warning_time = 1s
maximal_queue_lifetime = 6s
bounce_queue_lifetime = 6s
CONF
cat >"$dir/etc/master.cf" <<CONF
127.0.0.1:$port inet n - n - - smtpd
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 1 1 qmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
verify    unix - - n - 1 verify
proxymap  unix - - n - - proxymap
smtp      unix - - n - - smtp
relay     unix - - n - - smtp
error     unix - - n - - error
retry     unix - - n - - error
virtual   unix - n n - - virtual
anvil     unix - - n - 1 anvil
scache    unix - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
CONF

LD_LIBRARY_PATH=$libraries "$libraries/sbin/master" -c "$dir/etc" -d >"$dir/out" 2>&1 </dev/null &
server=$!
ready=0
for _ in $(seq 100); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$port" && read -r -t 5 _ <&3) 2>/dev/null; then ready=1; break; fi
    kill -0 "$server" 2>/dev/null || break
    sleep 0.1
done
[ "$ready" = 1 ] || { cat "$dir/out" "$dir/log" >&2 2>/dev/null; kill "$server" 2>/dev/null; exit 1; }
echo "$port $dir/mail/bounces"
cat >/dev/null
kill "$server" 2>/dev/null || true
wait "$server" 2>/dev/null || true
