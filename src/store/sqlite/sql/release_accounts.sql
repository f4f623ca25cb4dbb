-- Reminders $1 (JSON array of {bucket, reminder_id}) were no contacts with their
-- accounts. Returns the numbers and people that they were counted under besides.
delete from contact
where (bucket, reminder_id) in (select k.value ->> 'bucket', unhex(k.value ->> 'reminder_id') from json_each($1) as k)
    and number is not null
returning reminder_id, number, person
