-- Gives person $1 the roles $2.
update person set roles = $2 where person = $1
