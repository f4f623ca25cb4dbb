-- What accounts $1, $2 (arrays) were judged and set to be, over or not, and whether
-- care has them in hand.
select
    d.bucket, d.account_id, d.source, d.class, d.verdict, d.judged_on, d.expires_on, d.set_by, d.reason,
    (
        select count(*) from task as t
        where t.bucket = d.bucket and t.account_id = d.account_id and t.kind = 'care_call' and t.done_at is null
    ) as is_in_care
from unnest($1::smallint[], $2::text[]) as k(bucket, account_id)
cross join lateral (select * from debt_class as d where d.bucket = k.bucket and d.account_id = k.account_id offset 0) as d
