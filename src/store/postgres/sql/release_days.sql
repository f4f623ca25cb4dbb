-- Gives back the keys (account, day) that reminders $1, $2 (arrays) took.
delete from submission
where (bucket, account_id, day, reminder_id) in (
    select r.bucket, r.account_id, r.day, r.reminder_id
    from unnest($1::smallint[], $2::uuid[]) as k(bucket, reminder_id)
    cross join lateral (select * from reminder as r where r.bucket = k.bucket and r.reminder_id = k.reminder_id offset 0) as r
)
