//! Where an attempt can be cut. A rehearsal shows how it goes when nothing
//! breaks; the phases are parts of that.

use std::ops::Range;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, RngExt};

use super::subjects::Subject;
use crate::support::cut::{Cut, End, Seen, Turn, Way};

/// How an attempt goes.
pub struct Rehearsal {
    /// The connection on which the message is handed over.
    of: usize,
    /// What we and the peer have said on it before.
    before: [usize; 2],
    request: usize,
    answer: usize,
    /// Of the answer, what says that the message was taken.
    verdict: usize,
    /// How the message begins, wherever it goes; not to be seen where it is
    /// part of a session, or encrypted.
    opening: Option<Vec<u8>>,
    /// All that is said before, of which nothing can be taken.
    earlier: Vec<Part>,
}

/// More of a request than its method.
const OPENING: usize = 12;

/// What was said on a connection, and after how much of the same way.
#[derive(Clone)]
struct Part {
    of: usize,
    way: Way,
    bytes: Range<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The name of the peer is no name.
    NoName,
    Refused,
    /// Taken, and closed at once.
    Door,
    /// Taken, and nothing more.
    SilentDoor,
    /// While encryption is being agreed on, over HTTP.
    Handshake,
    SilentHandshake,
    /// Within this turn before the message.
    Before(usize),
    SilentBefore,
    /// Within this quarter of the message.
    Message(usize),
    /// The peer has all of it, and has not answered.
    Whole,
    /// The answer never comes.
    Late,
    Verdict,
    /// What follows in the answer.
    Rest,
    SilentAnswer,
}

const BREAKS: [End; 2] = [End::Closed, End::Reset];

impl Rehearsal {
    pub fn of(seen: &Seen, subject: &Subject) -> Rehearsal {
        let last = seen.turns.iter().rposition(|turn| turn.way == Way::ToPeer).unwrap();
        let (of, request) = (seen.turns[last].of, seen.turns[last].bytes.len());
        let after = &seen.turns[last + 1..];
        let answer = after.iter().find(|turn| turn.of == of && turn.way == Way::ToUs).unwrap();
        let head = answer.bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let verdict = match head {
            Some(head) if subject.by_status => head + 4,
            _ => answer.bytes.len(),
        };
        let mut said: Vec<[usize; 2]> = Vec::new();
        let mut earlier = Vec::new();
        for turn in &seen.turns[..last] {
            said.resize(said.len().max(turn.of + 1), [0; 2]);
            let said = &mut said[turn.of][turn.way as usize];
            let bytes = *said..*said + turn.bytes.len();
            *said = bytes.end;
            earlier.push(Part { of: turn.of, way: turn.way, bytes });
        }
        let before = said.get(of).copied().unwrap_or_default();
        let opening = subject.is_http().then(|| seen.turns[last].bytes[..OPENING].to_vec());
        Rehearsal { of, before, request, answer: answer.bytes.len(), verdict, opening, earlier }
    }

    /// Every phase of an attempt that goes like this, by its class.
    pub fn classes(&self, subject: &Subject) -> Vec<Vec<Phase>> {
        let one = |phase| vec![phase];
        let mut classes = vec![one(Phase::NoName), one(Phase::Refused)];
        classes.extend([Phase::Door, Phase::SilentDoor].map(one));
        if subject.is_http() {
            classes.extend([Phase::Handshake, Phase::SilentHandshake].map(one));
        }
        if !self.earlier.is_empty() {
            classes.push((0..self.earlier.len()).map(Phase::Before).collect());
            classes.push(one(Phase::SilentBefore));
        }
        classes.push((0..4).map(Phase::Message).collect());
        classes.extend([Phase::Whole, Phase::Late, Phase::Verdict, Phase::SilentAnswer].map(one));
        classes.extend((self.verdict < self.answer).then_some(one(Phase::Rest)));
        classes
    }

    /// A phase that is over soon.
    pub fn any(&self, subject: &Subject, rng: &mut StdRng) -> Phase {
        let quick = |phase: &Phase| !phase.is_hasty() && phase.is_usual();
        let phases = self.classes(subject).into_iter().flatten();
        let phases: Vec<Phase> = phases.filter(quick).collect();
        *phases.choose(rng).unwrap()
    }

    /// A byte of this phase.
    pub fn cut(&self, phase: Phase, rng: &mut StdRng) -> Cut {
        let end = if phase.is_hasty() { End::Silent } else { *BREAKS.choose(rng).unwrap() };
        let [asked, told] = self.before;
        let quarter = |at: usize| self.request * at / 4;
        let of = self.of;
        match phase {
            Phase::NoName | Phase::Refused => Cut::Nowhere,
            Phase::Door | Phase::SilentDoor => Cut::AtTheDoor(end),
            Phase::Handshake | Phase::SilentHandshake => {
                let (way, most) = *[(Way::ToPeer, 200), (Way::ToUs, 400)].choose(rng).unwrap();
                Cut::After { of: 0, way, bytes: rng.random_range(1..most), end }
            }
            Phase::Before(turn) => self.earlier[turn].cut(end, rng),
            Phase::SilentBefore => self.earlier.choose(rng).unwrap().cut(end, rng),
            Phase::Message(at) => {
                let bytes = asked + rng.random_range(quarter(at)..quarter(at + 1)).max(1);
                Cut::After { of, way: Way::ToPeer, bytes, end }
            }
            Phase::Whole if rng.random() => {
                Cut::After { of, way: Way::ToPeer, bytes: asked + self.request, end }
            }
            Phase::Whole | Phase::Late => Cut::After { of, way: Way::ToUs, bytes: told, end },
            Phase::Verdict => self.in_answer(1..self.verdict, end, rng),
            Phase::Rest => self.in_answer(self.verdict..self.answer, end, rng),
            Phase::SilentAnswer => self.in_answer(1..self.answer, end, rng),
        }
    }

    fn in_answer(&self, range: Range<usize>, end: End, rng: &mut impl Rng) -> Cut {
        let bytes = self.before[Way::ToUs as usize] + rng.random_range(range);
        Cut::After { of: self.of, way: Way::ToUs, bytes, end }
    }

    /// Whether any of the message was seen on the line.
    pub fn was_asked(&self, seen: &Seen) -> bool {
        match &self.opening {
            Some(_) => self.asked_at(seen).is_some(),
            None => seen.came(self.of, Way::ToPeer) > self.before[Way::ToPeer as usize],
        }
    }

    /// Whether we were told that it was taken.
    pub fn was_told(&self, seen: &Seen) -> bool {
        let (of, before) = match self.asked_at(seen) {
            // What came to us on that connection earlier was about something
            // else.
            Some(at) => {
                let of = seen.turns[at].of;
                let earlier = seen.turns[..at].iter();
                let earlier = earlier.filter(|turn| turn.of == of && turn.way == Way::ToUs);
                (of, earlier.map(|turn| turn.bytes.len()).sum())
            }
            None => (self.of, self.before[Way::ToUs as usize]),
        };
        seen.passed(of, Way::ToUs) >= before + self.verdict
    }

    /// The turn that hands the message over, on whichever connection: who
    /// lost one before that may have made another.
    fn asked_at(&self, seen: &Seen) -> Option<usize> {
        let opening = self.opening.as_ref()?;
        let is_it = |turn: &Turn| turn.way == Way::ToPeer && turn.bytes.starts_with(opening);
        seen.turns.iter().position(is_it)
    }
}

impl Part {
    /// At its first byte, within it, or, of what we say, right behind it.
    fn cut(&self, end: End, rng: &mut impl Rng) -> Cut {
        let behind = self.bytes.end + usize::from(self.way == Way::ToPeer);
        let bytes = rng.random_range(self.bytes.start.max(1)..behind);
        Cut::After { of: self.of, way: self.way, bytes, end }
    }
}

impl Phase {
    /// Nothing breaks: the time runs out.
    pub fn is_hasty(self) -> bool {
        use Phase::{Late, SilentAnswer, SilentBefore, SilentDoor, SilentHandshake};
        matches!(self, SilentDoor | SilentHandshake | SilentBefore | Late | SilentAnswer)
    }

    /// Nothing of the message can have left.
    pub fn is_handshake(self) -> bool {
        matches!(self, Phase::Handshake | Phase::SilentHandshake)
    }

    /// It is met on the way that most attempts go.
    fn is_usual(self) -> bool {
        self.has_line() && !self.is_handshake()
    }

    /// There is somebody to be connected to.
    pub fn has_line(self) -> bool {
        !matches!(self, Phase::NoName | Phase::Refused)
    }
}
