-- Gives back the keys (bill, step) that reminders $1, $2 (arrays) took.
delete from sent_item
where (bucket, bill_id, step, reminder_id) in (
    select r.bucket, i.bill_id, i.step, r.reminder_id
    from unnest($1::smallint[], $2::uuid[]) as k(bucket, reminder_id)
    cross join lateral (select * from reminder as r where r.bucket = k.bucket and r.reminder_id = k.reminder_id offset 0) as r
    cross join lateral jsonb_to_recordset(r.items::jsonb) as i(bill_id text, step text, step_on date, limit_on date)
)
