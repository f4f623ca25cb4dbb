-- Accounts of our own billing database (schema: src/source/sql/billing_schema.sql)
-- that changed after (:changed_at, :id), at most :page of them.
select
    id as account_id,
    person_id,
    name,
    language,
    zone,
    tier,
    segment,
    area,
    phone,
    email,
    preferred_channel,
    changed_at
from account
where (changed_at, id) > (:changed_at, :id)
order by changed_at, id
limit :page
