-- Every experiment that was ever proposed, in that order.
select
    e.name, e.design, e.lot_key, e.proposed_by, e.proposed_at, e.reason, e.approved_by, e.approved_at, e.approval,
    e.stopped_by, e.stopped_at, e.stop_reason
from experiment as e
order by e.proposed_at, e.name
