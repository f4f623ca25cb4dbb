-- Daemon $1 is alive for $2 milliseconds from now; those whose time is over are forgotten.
with over as (
    select owner
    from daemon
    where seen_until < clock_timestamp() and owner <> $1::uuid
    for update skip locked -- one that wakes up at this moment does not wait for us, nor we for it
),
forgotten as (
    delete from daemon using over where daemon.owner = over.owner
)
insert into daemon (owner, seen_until)
values ($1::uuid, clock_timestamp() + $2::bigint * interval '1 millisecond')
on conflict (owner) do update set seen_until = excluded.seen_until
