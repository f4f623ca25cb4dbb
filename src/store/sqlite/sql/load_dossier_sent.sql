-- What was sent about bills of accounts $1 (JSON array) that were due from $2 on or
-- are unpaid, and what became of it.
select s.account_id, s.bill_id, s.step, s.day, coalesce(t.state, 'submitting') as state, t.next_at
from json_each($1) as k
join bill as b on b.bucket = k.value ->> 'bucket' and b.account_id = k.value ->> 'account_id'
join sent_item as s on s.bucket = b.bucket and s.bill_id = b.bill_id
left join transition as t
    on t.bucket = s.bucket and t.reminder_id = s.reminder_id
    and t.seq = (
        select max(last.seq) from transition as last
        where last.bucket = s.bucket and last.reminder_id = s.reminder_id
    )
where b.remaining > 0 or b.due_on >= $2
order by s.account_id, s.day, s.bill_id, s.step
