-- Steps of bills $1 … $5 (arrays) that were kept back from who pays alone.
insert into spared (bucket, bill_id, step, account_id, day)
select k.bucket, k.bill_id, k.step, k.account_id, k.day
from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::date[]) as k(bucket, bill_id, step, account_id, day)
on conflict (bucket, bill_id, step) do nothing
