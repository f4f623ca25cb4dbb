-- The pages speak language $2 to person $1.
update person set language = $2 where person = $1
