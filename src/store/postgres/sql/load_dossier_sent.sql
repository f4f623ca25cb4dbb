-- What was sent about bills of accounts $1, $2 (arrays) that were due from $3::date on or
-- are unpaid, and what became of it.
select s.account_id, s.bill_id, s.step, s.day, coalesce(t.state, 'submitting') as state, t.next_at
from unnest($1::smallint[], $2::text[]) as k(bucket, account_id)
cross join lateral (select * from bill as b where b.bucket = k.bucket and b.account_id = k.account_id offset 0) as b
join sent_item as s on s.bucket = b.bucket and s.bill_id = b.bill_id
left join transition as t
    on t.bucket = s.bucket and t.reminder_id = s.reminder_id
    and t.seq = (
        select max(last.seq) from transition as last
        where last.bucket = s.bucket and last.reminder_id = s.reminder_id
    )
where b.remaining > 0 or b.due_on >= $3::date
order by s.account_id, s.day, s.bill_id, s.step
