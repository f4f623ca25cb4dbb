-- Items of accounts $1, $2 (arrays) that count as sent: of bills still unpaid,
-- and of days from $3 on, or from the opening of the open case where that was before.
-- Differs: PostgreSQL takes the items apart before it looks for their keys, or it
-- may read every key of a bucket for each reminder.
with lately as materialized (
    select s.bucket, s.reminder_id, i.bill_id, i.step
    from unnest($1::smallint[], $2::text[]) as k(bucket, account_id)
    cross join lateral (
        select * from submission as s
        where s.bucket = k.bucket and s.account_id = k.account_id
            and s.day >= coalesce((
                select min(c.opened_on) from dunning_case as c
                where c.bucket = k.bucket and c.account_id = k.account_id and c.closed_on is null and c.opened_on < $3::date
            ), $3::date)
        offset 0
    ) as s
    join reminder as r on r.bucket = s.bucket and r.reminder_id = s.reminder_id
    cross join lateral jsonb_to_recordset(r.items::jsonb) as i(bill_id text, step text, step_on date, limit_on date)
)
select
    found.account_id, found.bill_id, found.step, found.day, coalesce(t.state, 'submitting') as state, t.next_at
from (
    select unpaid.bucket, unpaid.account_id, unpaid.bill_id, unpaid.step, unpaid.day, unpaid.reminder_id
    from unnest($1::smallint[], $2::text[]) as k(bucket, account_id)
    cross join lateral (select * from bill as b where b.bucket = k.bucket and b.account_id = k.account_id and b.remaining > 0 offset 0) as b
    join sent_item as unpaid on unpaid.bucket = b.bucket and unpaid.bill_id = b.bill_id
    union
    select recent.bucket, recent.account_id, recent.bill_id, recent.step, recent.day, recent.reminder_id
    from lately as l
    join sent_item as recent
        on recent.bucket = l.bucket and recent.bill_id = l.bill_id and recent.step = l.step
        and recent.reminder_id = l.reminder_id
) as found
left join transition as t
    on t.bucket = found.bucket and t.reminder_id = found.reminder_id
    and t.seq = (
        select max(last.seq) from transition as last
        where last.bucket = found.bucket and last.reminder_id = found.reminder_id
    )
