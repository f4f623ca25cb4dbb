#!/bin/bash
# An Asterisk of the tests' own, with phones in its dialplan: Local channels
# make whole calls without a network. Where sipp is there, it has trunks too, to
# phones that are scenarios in sip/. It listens on free loopback ports. Prints
# that of ARI, "sip" or why there are no trunks, and the directory of what the
# phones heard. Stops, and removes all of it, when standard input ends, which is
# when the tests do.
#
# Debian 12 has no Asterisk. That of Debian 11 is unpacked once, with the
# libraries that it was built for, into a directory of its own under target/,
# and run from there: nothing of it is installed.
set -euo pipefail
cd "$(dirname "$0")/../../.."

root=$PWD/target/asterisk-root
mkdir -p target
exec 9>target/asterisk-root.lock
flock 9
if [ ! -e "$root/complete" ]; then
    command -v mmdebstrap >/dev/null || { echo "unavailable: mmdebstrap is missing"; exit 1; }
    rm -rf "$root"
    mmdebstrap --variant=extract --include=asterisk \
        --aptopt='APT::Install-Recommends "false"' bullseye "$root" >target/asterisk-root.log 2>&1 \
        || { echo "unavailable: $(tail -n 1 target/asterisk-root.log)"; exit 1; }
    touch "$root/complete"
fi
exec 9>&-

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/etc" "$dir/heard" "$dir/run" "$dir/spool" "$dir/log" "$dir/lib"
# Kept open until all are chosen, so that none is chosen twice. Media has a port
# two above for pictures.
mapfile -t ports < <(/usr/bin/python3 - <<'PY'
import socket
kinds = [socket.SOCK_STREAM] + 7 * [socket.SOCK_DGRAM]
sockets = [socket.socket(socket.AF_INET, kind) for kind in kinds]
for one in sockets:
    one.bind(("127.0.0.1", 0))
    print(one.getsockname()[1])
PY
)
port=${ports[0]}
share=$root/usr/share/asterisk

cat >"$dir/etc/asterisk.conf" <<CONF
[directories]
astetcdir => $dir/etc
astmoddir => $root/usr/lib/asterisk/modules
astvarlibdir => $dir/lib
astdbdir => $dir/lib
astkeydir => $share
astdatadir => $share
astagidir => $share/agi-bin
astspooldir => $dir/spool
astrundir => $dir/run
astlogdir => $dir/log
[options]
nocolor = yes
CONF
{
    echo '[modules]'
    echo 'autoload = no'
    for module in res_timing_timerfd res_http_websocket res_stasis res_stasis_answer \
        res_stasis_playback res_stasis_recording res_stasis_snoop res_ari_model res_ari res_ari_applications \
        res_ari_asterisk res_ari_channels res_ari_events res_ari_playbacks app_stasis pbx_config \
        res_pjproject res_sorcery_config res_sorcery_memory res_sorcery_astdb res_statsd res_geolocation \
        res_pjsip res_pjsip_session res_pjsip_pubsub res_pjsip_sdp_rtp res_pjsip_caller_id res_pjsip_rfc3326 res_rtp_asterisk chan_pjsip \
        app_record app_verbose app_senddtmf app_playtones app_amd format_wav codec_ulaw codec_alaw codec_resample; do
        echo "load = $module.so"
    done
} >"$dir/etc/modules.conf"
cat >"$dir/etc/http.conf" <<CONF
[general]
enabled = yes
bindaddr = 127.0.0.1
bindport = $port
sessionlimit = 200
CONF
cat >"$dir/etc/ari.conf" <<'CONF'
[general]
enabled = yes
[duebell]
type = user
password = a secret
CONF
cat >"$dir/etc/logger.conf" <<'CONF'
[general]
[logfiles]
messages = notice,warning,error
told = verbose(3)
CONF
cat >"$dir/etc/amd.conf" <<'CONF'
[general]
initial_silence = 1500
greeting = 1500
after_greeting_silence = 800
total_analysis_time = 5000
min_word_length = 100
between_words_silence = 50
maximum_number_of_words = 3
silence_threshold = 256
maximum_word_length = 5000
CONF
# The trunk of the example, once for each phone. The last of them is dead, and
# soon known to be.
example=examples/asterisk/pjsip.conf
{
    sed "/^\[trunk\]/,\$d; s/^bind = .*/bind = 127.0.0.1:${ports[1]}/" "$example"
    at=2
    for trunk in picks-up rings refuses nobody; do
        sed -n '/^\[trunk\]/,$p' "$example" | sed "s/^\[trunk\]/[$trunk]/; s/^aors = .*/aors = $trunk/
            s/^contact = .*/contact = sip:127.0.0.1:${ports[$at]}/"
        at=$((at + 1))
    done
    printf 'qualify_frequency = 1\nqualify_timeout = 0.5\n'
} >"$dir/etc/pjsip.conf"
# What is called is +49 and a number; the context is the phone. A phone that
# listens records what it hears, under the number that was called.
cat >"$dir/etc/extensions.conf" <<CONF
[listens]
exten => _+X.,1,Answer()
 same => n,Record($dir/heard/\${EXTEN}.wav,0,60,kq)
[presses1]
exten => _+X.,1,Answer()
 same => n,Wait(1)
 same => n,SendDTMF(1)
 same => n,Record($dir/heard/\${EXTEN}.wav,0,60,kq)
[presses9]
exten => _+X.,1,Answer()
 same => n,Wait(1)
 same => n,SendDTMF(9)
 same => n,Record($dir/heard/\${EXTEN}.wav,0,60,kq)
[presses7then9]
exten => _+X.,1,Answer()
 same => n,Wait(1)
 same => n,SendDTMF(7)
 same => n,Wait(1)
 same => n,SendDTMF(9)
 same => n,Wait(60)
[presses33331]
exten => _+X.,1,Answer()
 same => n,Wait(0.5)
 same => n,SendDTMF(3)
 same => n,Wait(0.5)
 same => n,SendDTMF(3)
 same => n,Wait(0.5)
 same => n,SendDTMF(3)
 same => n,Wait(60)
[hangsup]
exten => _+X.,1,Answer()
 same => n,Wait(0.5)
 same => n,Hangup(16)
[busy]
exten => _+X.,1,Busy(5)
[rings]
exten => _+X.,1,Ringing()
 same => n,Wait(60)
[congested]
exten => _+X.,1,Congestion(5)
[counted]
exten => _+X.,1,Log(NOTICE,called \${EXTEN})
 same => n,Hangup(17)
[unallocated]
exten => _+X.,1,Hangup(1)
[machine]
exten => _+X.,1,Answer()
 same => n,PlayTones(440)
 same => n,Wait(4)
 same => n,StopPlayTones()
 same => n,Record($dir/heard/\${EXTEN}.wav,0,60,kq)
[person]
exten => _+X.,1,Answer()
 same => n,PlayTones(440/300)
 same => n,Wait(0.3)
 same => n,StopPlayTones()
 same => n,Record($dir/heard/\${EXTEN}.wav,0,60,kq)
; Who or what answered, and back to the application that is named.
[duebell-detect]
exten => _.,1,AMD()
 same => n,Stasis(\${EXTEN},\${AMDSTATUS})
 same => n,Hangup()
CONF

# What a phone said and heard by SIP lies beside the rest.
phones=()
stop() { [ ${#phones[@]} = 0 ] || kill -KILL "${phones[@]}" 2>/dev/null || true; }
phone() { # NAME PORT SCENARIO and what else sipp is told
    sipp -sf "$3" -i 127.0.0.1 -p "$2" -nostdin -trace_msg -message_file "$dir/heard/$1.sip" \
        -trace_err -error_file "$dir/log/$1" "${@:4}" >"$dir/log/$1.out" 2>&1 </dev/null &
    phones+=($!)
    disown
}
sip=sip
command -v sipp >/dev/null || sip=no-sipp
# It presses keys through a raw socket.
[ "$(id -u)" = 0 ] || sip=not-root
if [ "$sip" = sip ]; then
    scenarios=tests/it/peers/sip
    /usr/bin/python3 "$scenarios/refuses.py" >"$dir/refuses.xml"
    /usr/bin/python3 "$scenarios/hears.py" "${ports[7]}" "$dir/heard/picks-up.alaw" 2>"$dir/log/hears" </dev/null &
    phones+=($!)
    disown
    phone picks-up "${ports[2]}" "$scenarios/picks_up.xml" -mi 127.0.0.1 -mp "${ports[6]}" -key ear "${ports[7]}"
    phone rings "${ports[3]}" "$scenarios/rings.xml"
    phone refuses "${ports[4]}" "$dir/refuses.xml"
fi

libraries=$root/lib/x86_64-linux-gnu:$root/usr/lib/x86_64-linux-gnu:$root/usr/lib/x86_64-linux-gnu/asterisk:$root/usr/lib
loader=$(echo "$root"/lib/x86_64-linux-gnu/ld-2.*.so)
"$loader" --library-path "$libraries" "$root/usr/sbin/asterisk" -f -C "$dir/etc/asterisk.conf" \
    >"$dir/log/out" 2>&1 </dev/null &
server=$!
is_ready() { # ARI answers, it is known which trunk is dead, and the phones are there
    /usr/bin/python3 - "$port" 2>/dev/null <<'PY' || return
import base64, sys, urllib.request
request = urllib.request.Request(f"http://127.0.0.1:{sys.argv[1]}/ari/asterisk/info")
request.add_header("Authorization", "Basic " + base64.b64encode(b"duebell:a secret").decode())
urllib.request.urlopen(request, timeout=5).read()
PY
    grep -q 'Contact nobody/.* is now Unreachable' "$dir/log/told" || return
    [ "$sip" != sip ] && return
    for name in picks-up rings refuses; do [ -e "$dir/heard/$name.sip" ] || return; done
    kill -0 "${phones[@]}"
}
ready=0
for _ in $(seq 200); do
    if is_ready; then ready=1; break; fi
    kill -0 "$server" 2>/dev/null || break
    sleep 0.1
done
[ "$ready" = 1 ] || { tail -n 20 "$dir"/log/* >&2; kill "$server" 2>/dev/null; stop; exit 1; }
echo "$port $sip $dir/heard"
cat >/dev/null
stop
kill -KILL "$server" 2>/dev/null || true
wait "$server" 2>/dev/null || true
