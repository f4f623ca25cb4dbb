-- Lets person $1 in no more from $2 on; where $2 is below 0, lets them in again.
update person
set disabled_at = case when $2 < 0 then null else $2 end
where person = $1 and (disabled_at is null) = ($2 >= 0)
