-- Leaves person $1 the recovery codes $3 where they had $2.
update person set recovery = $3 where person = $1 and recovery = $2
