-- Reminders $1 (JSON array of {bucket, reminder_id}) were no contacts with their
-- accounts. Returns the numbers and people that they were counted under besides.
delete from contact
where (bucket, key, reminder_id) in (
    select r.bucket, 'a:' || r.account_id, r.reminder_id
    from json_each($1) as k
    join reminder as r on r.bucket = k.value ->> 'bucket' and r.reminder_id = unhex(k.value ->> 'reminder_id')
)
returning reminder_id, number, person
