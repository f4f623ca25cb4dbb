-- Merges rows $1 … $7 (arrays). Returns whose are new or changed.
insert into evidence (bucket, feed, row_id, account_id, on_day, over_on, body)
select k.bucket, k.feed, k.row_id, k.account_id, k.on_day, k.over_on, k.body
from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::date[], $6::date[], $7::text[]) as k(bucket, feed, row_id, account_id, on_day, over_on, body)
where true
on conflict (bucket, feed, row_id) do update set
    account_id = excluded.account_id, on_day = excluded.on_day, over_on = excluded.over_on,
    body = excluded.body
where (evidence.account_id, evidence.body) is distinct from (excluded.account_id, excluded.body)
returning evidence.bucket, evidence.account_id
