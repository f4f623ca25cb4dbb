-- Items of accounts $1 that count as sent: of bills still unpaid, of the open
-- case, and of days from $2 on.
select
    s.account_id, s.bill_id, s.step, s.day as day, t.state, t.next_at as next_at
from json_each($1) as k
join sent_item as s on s.bucket = k.value ->> 'bucket' and s.account_id = k.value ->> 'account_id'
join transition as t
    on t.bucket = s.bucket and t.reminder_id = s.reminder_id
    and t.seq = (
        select max(last.seq) from transition as last
        where last.bucket = s.bucket and last.reminder_id = s.reminder_id
    )
where s.day >= $2
    or exists (
        select 1 from bill as b
        where b.bucket = s.bucket and b.bill_id = s.bill_id and b.remaining > 0
    )
    or exists (
        select 1 from dunning_case as c
        where c.bucket = s.bucket and c.account_id = s.account_id and c.closed_on is null and c.opened_on <= s.day
    )
