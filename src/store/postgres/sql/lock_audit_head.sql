-- Where the audit trail ends, until the end of this transaction.
-- Differs: SQLite has one writer, who has locked everything.
select h.seq, h.digest
from audit_head as h
where h.one = 1
for update
