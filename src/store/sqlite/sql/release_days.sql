-- Gives back the keys (account, day) that reminders $1 (JSON array of {bucket, reminder_id}) took.
delete from submission
where (bucket, account_id, day, reminder_id) in (
    select r.bucket, r.account_id, r.day, r.reminder_id
    from json_each($1) as k
    join reminder as r on r.bucket = k.value ->> 'bucket' and r.reminder_id = unhex(k.value ->> 'reminder_id')
)
