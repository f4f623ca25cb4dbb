-- Bills $1 … $5 (arrays) as the ledger knows
-- them, with what is disputed on that day, and whether the reminder holds their keys.
select
    k.reminder_id as reminder_id, k.step as step, b.bill_id, b.currency, b.due_on,
    coalesce((
        select sum(coalesce(h.amount, 4000000000000000)) from hold as h
        where h.bucket = b.bucket and h.account_id = b.account_id and h.kind = 'dispute'
            and (h.bill_id is null or h.bill_id = b.bill_id)
            and h.starts_on <= k.day and (h.ends_on is null or h.ends_on >= k.day)
    ), 0)::bigint as disputed,
    case when exists (
        select 1 from sent_item as s
        where s.bucket = k.bucket and s.bill_id = k.bill_id and s.step = k.step
            and s.reminder_id = k.reminder_id
    ) then 1::bigint else 0 end as is_taken
from unnest($1::smallint[], $2::uuid[], $3::text[], $4::text[], $5::date[]) as k(bucket, reminder_id, bill_id, step, day)
cross join lateral (select * from bill as b where b.bucket = k.bucket and b.bill_id = k.bill_id offset 0) as b
order by b.due_on, b.bill_id
