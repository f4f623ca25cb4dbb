-- Deletes reminders of bucket $1 with ids before $2: those of earlier days.
delete from reminder where bucket = $1 and reminder_id < unhex($2)
