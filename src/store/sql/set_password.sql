-- The password of person $1 is $2, and their own.
update person set password = $2, start_until = null where person = $1
