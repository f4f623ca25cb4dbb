-- Items of accounts $1 that count as sent: of bills still unpaid, of the open
-- case, and of days from $2 on. What was paid long ago is not looked at.
select
    s.account_id, s.bill_id, s.step, s.day as day, t.state, t.next_at as next_at
from (
    select unpaid.bucket, unpaid.account_id, unpaid.bill_id, unpaid.step, unpaid.day, unpaid.reminder_id
    from json_each($1) as k
    join bill as b on b.bucket = k.value ->> 'bucket' and b.account_id = k.value ->> 'account_id' and b.remaining > 0
    join sent_item as unpaid on unpaid.bucket = b.bucket and unpaid.bill_id = b.bill_id
    union
    select recent.bucket, recent.account_id, recent.bill_id, recent.step, recent.day, recent.reminder_id
    from json_each($1) as k
    join sent_item as recent on recent.bucket = k.value ->> 'bucket' and recent.account_id = k.value ->> 'account_id' and recent.day >= $2
    union
    select episode.bucket, episode.account_id, episode.bill_id, episode.step, episode.day, episode.reminder_id
    from json_each($1) as k
    join dunning_case as c on c.bucket = k.value ->> 'bucket' and c.account_id = k.value ->> 'account_id' and c.closed_on is null
    join sent_item as episode on episode.bucket = c.bucket and episode.account_id = c.account_id and episode.day >= c.opened_on
) as s
join transition as t
    on t.bucket = s.bucket and t.reminder_id = s.reminder_id
    and t.seq = (
        select max(last.seq) from transition as last
        where last.bucket = s.bucket and last.reminder_id = s.reminder_id
    )
