-- Bills of our own billing database that changed after (:changed_at, :id), at
-- most :page of them. A payment changes its bill. Minor units become decimal
-- text without passing through a float.
select
    id as bill_id,
    account_id,
    currency,
    case when exponent > 0
        then printf('%s%d.%0*d', iif(amount < 0, '-', ''), abs(amount) / unit, exponent, abs(amount) % unit)
        else cast(amount as text)
    end as amount,
    case when exponent > 0
        then printf('%s%d.%0*d', iif(remaining < 0, '-', ''), abs(remaining) / unit, exponent, abs(remaining) % unit)
        else cast(remaining as text)
    end as remaining_amount,
    issued_on,
    due_on,
    settled_on,
    changed_at
from bill_open
where (changed_at, id) > (:changed_at, :id)
order by changed_at, id
limit :page
