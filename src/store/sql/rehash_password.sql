-- The password of person $1 is kept as $3 where it was kept as $2.
update person set password = $3 where person = $1 and password = $2
