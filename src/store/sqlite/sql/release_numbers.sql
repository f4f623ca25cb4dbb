-- Reminders $1 (JSON array) were no contacts at these numbers, or with these people.
delete from contact
where (bucket, key, reminder_id) in (
    select k.value ->> 'bucket', k.value ->> 'key', unhex(k.value ->> 'reminder_id') from json_each($1) as k
)
