//! What keeps us from an account on a channel, whatever is owed.

use super::Channel;

/// Why an account is not to be reached on a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// The subscriber said stop. Holds whatever the address, until they say start.
    OptOut,
    /// The subscriber reported a message as unwanted. Holds whatever the address.
    Complaint,
    /// Somebody else has the number. Holds for that number.
    WrongNumber,
    /// A provider says that the address never works. Holds for that address.
    BadAddress,
    /// The law wants consent beforehand, and there is none. Never said by
    /// anybody, nor stored: it follows from the law in force.
    Unasked,
}

impl Cause {
    /// Those that somebody may say.
    pub const ALL: [Cause; 4] =
        [Cause::OptOut, Cause::Complaint, Cause::WrongNumber, Cause::BadAddress];

    pub fn as_str(self) -> &'static str {
        match self {
            Cause::OptOut => "opt_out",
            Cause::Complaint => "complaint",
            Cause::WrongNumber => "wrong_number",
            Cause::BadAddress => "bad_address",
            Cause::Unasked => "unasked",
        }
    }

    pub fn parse(text: &str) -> Option<Cause> {
        Cause::ALL.into_iter().find(|cause| cause.as_str() == text)
    }

    /// The subscriber does not want it, and not: it would not reach them.
    pub fn is_wish(self) -> bool {
        matches!(self, Cause::OptOut | Cause::Complaint)
    }
}

/// One channel on which an account is not to be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suppression {
    pub channel: Channel,
    pub cause: Cause,
}
