-- What the watch list says of accounts $1 (JSON array), over what it said before.
insert into watch (bucket, account_id, watched_on, until_on, weight, is_gentle, warnings)
select
    k.value ->> 'bucket', k.value ->> 'account_id', k.value ->> 'watched_on', k.value ->> 'until_on',
    k.value ->> 'weight', k.value ->> 'is_gentle', k.value ->> 'warnings'
from json_each($1) as k
where true
on conflict (bucket, account_id) do update set
    watched_on = excluded.watched_on, until_on = excluded.until_on, weight = excluded.weight,
    is_gentle = excluded.is_gentle, warnings = excluded.warnings
