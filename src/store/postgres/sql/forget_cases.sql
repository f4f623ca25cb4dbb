-- Deletes cases of bucket $1 that were closed before $2.
delete from dunning_case where bucket = $1 and closed_on < $2::date
