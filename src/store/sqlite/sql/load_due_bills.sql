-- The bills of reminders $1 (JSON array of {bucket, reminder_id, day}), with what is
-- disputed on that day, and whether the reminder holds their keys.
select
    lower(hex(i.reminder_id)) as reminder_id, i.step, b.bill_id, b.currency, b.due_on as due_on,
    coalesce((
        select sum(coalesce(h.amount, 4000000000000000)) from hold as h
        where h.bucket = b.bucket and h.account_id = b.account_id and h.kind = 'dispute'
            and (h.bill_id is null or h.bill_id = b.bill_id)
            and h.starts_on <= k.value ->> 'day' and (h.ends_on is null or h.ends_on >= k.value ->> 'day')
    ), 0) as disputed,
    case when exists (
        select 1 from sent_item as s
        where s.bucket = i.bucket and s.bill_id = i.bill_id and s.step = i.step
            and s.reminder_id = i.reminder_id
    ) then 1 else 0 end as is_taken
from json_each($1) as k
join reminder_item as i on i.bucket = k.value ->> 'bucket' and i.reminder_id = unhex(k.value ->> 'reminder_id')
join bill as b on b.bucket = i.bucket and b.bill_id = i.bill_id
order by i.reminder_id, b.due_on, b.bill_id
