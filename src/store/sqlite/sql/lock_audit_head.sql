-- Where the audit trail ends, until the end of this transaction.
select h.seq, h.digest
from audit_head as h
where h.one = 1
