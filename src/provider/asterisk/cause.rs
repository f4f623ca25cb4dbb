//! How a call that nobody answered ended.

use super::call::Dialled;

/// Told apart in the log; to the reminder each of them is undelivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    Busy,
    NoAnswer,
    Refused,
    /// No such number, or no way to it.
    BadNumber,
    /// The network or the trunk had no room, or did not work.
    Congested,
    /// Asterisk and the trunk do not understand each other, for example as they
    /// have no codec in common: whoever is called.
    Failed,
    Unknown,
}

impl Ending {
    /// By what the network said while dialling, and by the cause that the
    /// call ended for (ITU-T Q.850). Neither says enough. Causes get lost on
    /// the way: Asterisk 16 gives 0 where nobody picks up. Over SIP it says
    /// while dialling that there was no answer, whatever the answer was, except
    /// for those that mean busy or congestion; then the cause says more.
    pub fn of(dialled: Option<Dialled>, cause: u16) -> Ending {
        match (dialled, cause) {
            (_, 1 | 2 | 3 | 22 | 28) => Ending::BadNumber,
            (_, 21) => Ending::Refused,
            (Some(Dialled::Busy), _) | (_, 17) => Ending::Busy,
            (_, 27 | 34 | 38 | 41 | 42 | 44 | 47 | 102) => Ending::Congested,
            // Facilities and bearers that are not there, messages that are not
            // understood, and what no network has a better word for.
            (_, 29 | 57..=127) => Ending::Failed,
            (Some(Dialled::NoAnswer), _) | (_, 18..=20) => Ending::NoAnswer,
            (Some(Dialled::Congestion | Dialled::Unavailable), _) => Ending::Congested,
            // Rung until our time was up, and taken down by Asterisk.
            (None, 0) => Ending::NoAnswer,
            _ => Ending::Unknown,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Ending::Busy => "busy",
            Ending::NoAnswer => "no answer",
            Ending::Refused => "refused",
            Ending::BadNumber => "bad number",
            Ending::Congested => "congested",
            Ending::Failed => "failed",
            Ending::Unknown => "unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_has_its_ending() {
        for (cause, ending) in [
            (0, Ending::NoAnswer),
            (1, Ending::BadNumber),
            (3, Ending::BadNumber),
            (16, Ending::Unknown),
            (17, Ending::Busy),
            (18, Ending::NoAnswer),
            (19, Ending::NoAnswer),
            (20, Ending::NoAnswer),
            (21, Ending::Refused),
            (22, Ending::BadNumber),
            (27, Ending::Congested),
            (28, Ending::BadNumber),
            (29, Ending::Failed),
            (31, Ending::Unknown),
            (34, Ending::Congested),
            (38, Ending::Congested),
            (42, Ending::Congested),
            (58, Ending::Failed),
            (102, Ending::Congested),
            (127, Ending::Failed),
            (128, Ending::Unknown),
            (9_999, Ending::Unknown),
        ] {
            assert_eq!(Ending::of(None, cause), ending, "{cause}");
        }
    }

    #[test]
    fn what_was_said_while_dialling_counts_where_the_cause_is_lost() {
        for (dialled, ending) in [
            (Dialled::Busy, Ending::Busy),
            (Dialled::NoAnswer, Ending::NoAnswer),
            (Dialled::Congestion, Ending::Congested),
            (Dialled::Unavailable, Ending::Congested),
        ] {
            assert_eq!(Ending::of(Some(dialled), 0), ending, "{dialled:?}");
            assert_eq!(Ending::of(Some(dialled), 1), Ending::BadNumber, "{dialled:?}");
        }
        assert_eq!(Ending::of(Some(Dialled::Congestion), 17), Ending::Busy);
    }

    #[test]
    fn a_trunk_that_fails_is_not_one_where_nobody_answers() {
        for (cause, ending) in [
            (16, Ending::NoAnswer),
            (19, Ending::NoAnswer),
            (21, Ending::Refused),
            (27, Ending::Congested),
            (58, Ending::Failed),
            (102, Ending::Congested),
            (127, Ending::Failed),
        ] {
            assert_eq!(Ending::of(Some(Dialled::NoAnswer), cause), ending, "{cause}");
        }
    }
}
