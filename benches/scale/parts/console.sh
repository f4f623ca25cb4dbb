# The console before many accounts and many open cases.

# times NAME PATH...: asks for each path in turn on one connection, as many
# times as it takes to come to $count_looks; half, 99 of 100 and the slowest.
times() {
    local name=$1 path
    shift
    local asked=("$@") list=$dir/looks
    for ((i = 0; i < count_looks; i++)); do
        path=${asked[i % ${#asked[@]}]}
        printf 'url = "http://127.0.0.1:%s/console%s"\noutput = "/dev/null"\n' "$console_port" "$path"
    done >"$list"
    curl -sS --fail -H "cookie: __Host-duebell=$console_token" -w '%{http_code} %{time_total}\n' \
        --config "$list" >"$dir/looked" || fail "$name was not answered: $(tail -n 1 "$dir/looked")"
    [ "$(cut -d' ' -f1 "$dir/looked" | sort -u)" = 200 ] || fail "$name: $(sort -u "$dir/looked" | head -n 3)"
    cut -d' ' -f2 "$dir/looked" | sort -n >"$dir/sorted"
    figure "$name, half within" "$(sed -n "$((count_looks / 2))p" "$dir/sorted") * 1000" ms
    figure "$name, 99 of 100 within" "$(sed -n "$((count_looks * 99 / 100))p" "$dir/sorted") * 1000" ms
}

part_console() {
    local accounts=$count_accounts cases=$count_cases n id places=() pages=() ids=() names=()
    population console "$accounts" 2 "$((accounts / 10))" 0 "$accounts"
    synced console
    database console_work synced_console
    population+=", $cases open cases"
    console_port=$("$yard" port)
    console_token=$(printf '%043d' 0 | tr 0 A)
    settings console source_console "$(url console_work)" pre3
    printf '[http]\nlisten = "127.0.0.1:%s"\n[console]\nenabled = true\n' "$console_port" >>"$dir/console.toml"
    duebell console halt >/dev/null
    duebell console user add bench --role viewer --role auditor >/dev/null
    # A session, and cases as the assessment opens them.
    sql console_work "
        insert into session (session, person, is_whole, made_at, seen_at, shown_at, expires_at)
        values (encode(sha256('$console_token'), 'hex'), 'bench', true, now(), now(), now(), now() + interval '9 hours');
        insert into task (bucket, task_id, account_id, kind, reason, opened_at, arrears, currency, tier, weighed_on)
        select a.bucket, substr(md5(a.account_id), 1, 20), a.account_id, 'review', 'repeat debtor', now(),
            (abs(hashtext(a.account_id)) % 500000)::bigint, 'EUR', 'ordinary', current_date
        from account as a order by md5(a.account_id) limit $cases;
        analyze task"
    run console
    eventually 120 'the console' curl -sfo "$dir/answer" "http://127.0.0.1:$console_port/health/ready"
    # People come to work once the day is planned.
    eventually 7200 'the plan' is_planned console_work
    mapfile -t places < <(sql console_work "select arrears || '&task=' || task_id from task where kind = 'review' order by arrears desc, task_id limit 50 offset $((cases / 2))")
    for id in "${places[@]}"; do pages+=("/cases?of=&arrears=$id"); done
    mapfile -t ids < <(sql console_work "select task_id from task where kind = 'review' order by md5(task_id || 'x') limit $count_looks")
    mapfile -t names < <(sql console_work "select account_id from account order by md5(account_id || 'x') limit $count_looks")
    times 'queue, first page' /cases
    times 'queue, from the middle on' "${pages[@]}"
    times 'one case' "${ids[@]/#//cases/}"
    times 'one account' "${names[@]/#//accounts/}"
    times 'search by name' '/accounts?q=Ada' '/accounts?q=li%20w' '/accounts?q=Zoe' '/accounts?q=kof'
    times 'today' /today
    read -r n _ < <(memory "$pid")
    figure 'peak memory of the daemon' "$n" MiB
    stop "$pid"
    database console_work
}
