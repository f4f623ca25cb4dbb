-- Holds of our own billing database that changed after (:changed_at, :id), at
-- most :page of them. A disputed part is in the currency of its bill.
select
    hold.id as hold_id,
    hold.account_id,
    hold.bill_id,
    hold.kind,
    hold.starts_on,
    hold.ends_on,
    case when exponent > 0
        then printf('%s%d.%0*d', iif(hold.amount < 0, '-', ''), abs(hold.amount) / unit, exponent, abs(hold.amount) % unit)
        else cast(hold.amount as text)
    end as amount,
    bill.currency,
    hold.changed_at
from hold
left join bill on bill.id = hold.bill_id
left join currency on currency.code = bill.currency
where (hold.changed_at, hold.id) > (:changed_at, :id)
order by hold.changed_at, hold.id
limit :page
