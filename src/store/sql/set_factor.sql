-- The second factor of person $1 is secret $2, of which step $3 is used, with
-- recovery codes $4.
update person
set secret = $2, last_step = $3, recovery = $4
where person = $1
