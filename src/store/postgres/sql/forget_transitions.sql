-- Deletes transitions, in bucket $1, of reminders with ids before $2: those of earlier days.
delete from transition where bucket = $1 and reminder_id < $2::uuid
