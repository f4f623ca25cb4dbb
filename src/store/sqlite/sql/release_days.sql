-- Gives back the keys that reminders $1 (JSON array of {bucket, reminder_id}) took.
delete from sent_day
where (bucket, reminder_id) in (
    select k.value ->> 'bucket', unhex(k.value ->> 'reminder_id') from json_each($1) as k
)
