-- Gives back the keys (account, day) that reminders $1 (JSON array of {bucket, reminder_id}) took.
delete from submission
where (bucket, account_id, day, reminder_id) in (
    select r.bucket, r.account_id, r.day, r.reminder_id
    from jsonb_to_recordset($1::jsonb) as k(bucket smallint, reminder_id uuid)
    join reminder as r on r.bucket = k.bucket and r.reminder_id = k.reminder_id
)
