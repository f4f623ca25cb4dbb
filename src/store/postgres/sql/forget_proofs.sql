-- Deletes proofs of bucket $1 of notices before $2.
delete from notice_proof where bucket = $1 and day < $2::date
