//! Bins and verdicts in words.

use std::fmt;

use super::bins::Holds;
use super::fit::Why;

/// Categories that are named before the rest is only counted.
const NAMED_MAX: usize = 6;

/// What a value is, after the characteristic's name: "is above 2".
impl fmt::Display for Holds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Holds::Special(value) => write!(f, "is exactly {value}"),
            Holds::Range { above: None, upto: None } => write!(f, "is any number"),
            Holds::Range { above: None, upto: Some(upto) } => write!(f, "is at most {upto}"),
            Holds::Range { above: Some(above), upto: None } => write!(f, "is above {above}"),
            Holds::Range { above: Some(above), upto: Some(upto) } => {
                write!(f, "is above {above}, at most {upto}")
            }
            Holds::Among(names) => {
                write!(f, "is {}", names[..names.len().min(NAMED_MAX)].join(" or "))?;
                match names.len().saturating_sub(NAMED_MAX) {
                    0 => Ok(()),
                    more => write!(f, " or one of {more} more"),
                }
            }
            Holds::Others => write!(f, "is something else"),
            Holds::Missing => write!(f, "is not known"),
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Why::Weak => "tells next to nothing",
            Why::Contradicts => "beside the others its points would contradict its bins",
        })
    }
}
