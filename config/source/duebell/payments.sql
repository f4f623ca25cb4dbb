-- Payments of our own billing database that changed after (:changed_at, :id),
-- at most :page of them.
select
    payment.id as payment_id,
    payment.account_id,
    payment.bill_id,
    payment.currency,
    case when exponent > 0
        then printf('%s%d.%0*d', iif(amount < 0, '-', ''), abs(amount) / unit, exponent, abs(amount) % unit)
        else cast(amount as text)
    end as amount,
    payment.paid_on,
    payment.state,
    payment.reversed_on,
    payment.changed_at
from payment
left join currency on currency.code = payment.currency
where (payment.changed_at, payment.id) > (:changed_at, :id)
order by payment.changed_at, payment.id
limit :page
