-- What accounts $1 (JSON array) were judged and set to be, over or not, and whether
-- care has them in hand.
select
    d.bucket, d.account_id, d.source, d.class, d.verdict, d.judged_on, d.expires_on, d.set_by, d.reason,
    (
        select count(*) from task as t
        where t.bucket = d.bucket and t.account_id = d.account_id and t.kind = 'care_call' and t.done_at is null
    ) as is_in_care
from json_each($1) as k
join debt_class as d on d.bucket = k.value ->> 'bucket' and d.account_id = k.value ->> 'account_id'
