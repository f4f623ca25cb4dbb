-- Accounts of the made-up billing database (benches/scale/population.sql).
select
    id as account_id,
    name,
    language,
    zone,
    segment,
    phone,
    email,
    to_char(changed_at, 'YYYY-MM-DD HH24:MI:SS.US') as changed_at
from account
where (changed_at, id) > (:changed_at::timestamp, :id collate "C")
order by account.changed_at, id
limit :page
