-- Gives back the keys that reminders $1 (JSON array of {bucket, reminder_id}) took.
delete from sent_day
where (bucket, reminder_id) in (
    select k.bucket, k.reminder_id from jsonb_to_recordset($1::jsonb) as k(bucket smallint, reminder_id uuid)
)
