-- Takes the code of step $2 of person $1; changes nothing where it, or a later
-- one, was taken.
update person set last_step = $2 where person = $1 and last_step < $2
