-- Reminders $1, $2 (arrays) were no contacts with their accounts. Returns the numbers
-- and people that they were counted under besides.
delete from contact
where (bucket, key, reminder_id) in (
    select r.bucket, 'a:' || r.account_id, r.reminder_id
    from unnest($1::smallint[], $2::uuid[]) as k(bucket, reminder_id)
    cross join lateral (select * from reminder as r where r.bucket = k.bucket and r.reminder_id = k.reminder_id offset 0) as r
)
returning reminder_id, number, person
