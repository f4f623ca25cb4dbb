-- The bucket of account $1.
select bucket from account where account_id = $1
