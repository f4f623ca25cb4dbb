-- Merges rows $1 (JSON array). Returns whose are new or changed.
insert into evidence (bucket, feed, row_id, account_id, on_day, over_on, body)
select
    k.value ->> 'bucket', k.value ->> 'feed', k.value ->> 'row_id', k.value ->> 'account_id', k.value ->> 'on_day', k.value ->> 'over_on', k.value ->> 'body'
from json_each($1) as k
where true
on conflict (bucket, feed, row_id) do update set
    account_id = excluded.account_id, on_day = excluded.on_day, over_on = excluded.over_on,
    body = excluded.body
where (evidence.account_id, evidence.body) is not (excluded.account_id, excluded.body)
returning bucket, account_id
