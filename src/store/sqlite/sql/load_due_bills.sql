-- Bills $1 (JSON array of {bucket, reminder_id, bill_id, step, day}) as the ledger knows
-- them, with what is disputed on that day, and whether the reminder holds their keys.
select
    unhex(k.value ->> 'reminder_id') as reminder_id, k.value ->> 'step' as step, b.bill_id, b.currency, b.due_on,
    coalesce((
        select sum(coalesce(h.amount, 4000000000000000)) from hold as h
        where h.bucket = b.bucket and h.account_id = b.account_id and h.kind = 'dispute'
            and (h.bill_id is null or h.bill_id = b.bill_id)
            and h.starts_on <= k.value ->> 'day' and (h.ends_on is null or h.ends_on >= k.value ->> 'day')
    ), 0) as disputed,
    case when exists (
        select 1 from sent_item as s
        where s.bucket = k.value ->> 'bucket' and s.bill_id = k.value ->> 'bill_id' and s.step = k.value ->> 'step'
            and s.reminder_id = unhex(k.value ->> 'reminder_id')
    ) then 1 else 0 end as is_taken
from json_each($1) as k
join bill as b on b.bucket = k.value ->> 'bucket' and b.bill_id = k.value ->> 'bill_id'
order by b.due_on, b.bill_id
