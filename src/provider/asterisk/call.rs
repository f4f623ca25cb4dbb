//! A call: what Asterisk tells goes in, what it shall do comes out.
//!
//! ```text
//! Ringing -> (Detecting) -> Speaking <-> Listening
//!                            |   ^           |  a key that says something
//!             all was said   |   |  answer   v
//!                            v   +-------- Noting
//!                         HangingUp -> Over
//! ```
//!
//! What a key says is answered once it is on record: "no more calls" is a
//! promise, which a crash must not break.
//!
//! Pure: sounds, lines and the clock are whoever drives it. Every state is
//! left in bounded time, since each names a wait whose end is an event too. A
//! call tells of its fate once, and of one key.

use crate::model::content::{Does, REPEATS_MAX};
use crate::provider::{Fate, Meaning, Pledge};

use super::cause::Ending;

/// What is known of a call before it begins.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// What the keys do; none, and the call speaks and ends.
    pub keys: Vec<(char, Does)>,
    /// Something may be left on a machine.
    pub has_word_for_machine: bool,
    /// The dialplan finds out who or what answered.
    pub detects: bool,
}

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The last word of the network on ringing them.
    Dialled(Dialled),
    /// Somebody or something picked up, and the call is ours to speak in.
    Answered(Option<Answerer>),
    Key(char),
    /// They hung up; what is playing breaks off.
    HungUp,
    /// What their key said is on record.
    Noted,
    /// Nothing more is heard of this playback; whether it was played.
    Played {
        playback: u32,
        well: bool,
    },
    /// It ended, for a cause as in Q.850.
    Over {
        cause: u16,
    },
    /// It has ended, and nobody knows how.
    Gone,
    /// What was waited for did not come.
    TimedOut,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialled {
    Answer,
    Busy,
    NoAnswer,
    Congestion,
    Unavailable,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answerer {
    /// Or nobody could tell.
    Person,
    Machine,
}

/// What shall be done, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Let the dialplan find out who or what answered.
    Detect,
    Play {
        playback: u32,
        what: Says,
    },
    Stop {
        playback: u32,
    },
    HangUp,
    Tell(Fate),
    Reply(Meaning),
}

/// What is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    /// The message, and the invitation where there is one.
    Message,
    /// The invitation alone.
    Invitation,
    /// To the key that has this place in the menu.
    Answer(usize),
    Goodbye,
    ToMachine,
}

/// What is waited for, whose end is [`Event::TimedOut`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Until somebody picks up.
    Ring,
    /// Until it is found out who or what did.
    Detection,
    /// Until this is said.
    Speech(Says),
    Key,
    /// Until what a key said is on record.
    Note,
    HangUp,
    /// For nothing: it is over.
    Over,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Ringing,
    Detecting,
    Speaking {
        playback: u32,
        what: Says,
    },
    Listening,
    /// The key at this place of the menu was pressed.
    Noting {
        place: usize,
    },
    HangingUp,
    Over,
}

/// One call.
#[derive(Debug)]
pub struct Call {
    plan: Plan,
    state: State,
    /// How often something was said again.
    again: u32,
    playbacks: u32,
    dialled: Option<Dialled>,
    was_answered: bool,
    was_hung_up: bool,
    was_told: bool,
    ending: Option<Ending>,
}

impl Call {
    pub fn new(plan: Plan) -> Call {
        Call {
            plan,
            state: State::Ringing,
            again: 0,
            playbacks: 0,
            dialled: None,
            was_answered: false,
            was_hung_up: false,
            was_told: false,
            ending: None,
        }
    }

    pub fn wait(&self) -> Wait {
        match self.state {
            State::Ringing => Wait::Ring,
            State::Detecting => Wait::Detection,
            State::Speaking { what, .. } => Wait::Speech(what),
            State::Listening => Wait::Key,
            State::Noting { .. } => Wait::Note,
            State::HangingUp => Wait::HangUp,
            State::Over => Wait::Over,
        }
    }

    /// How a call that nobody answered ended, once that is known.
    pub fn ending(&self) -> Option<Ending> {
        self.ending
    }

    /// What an event leads to.
    pub fn on(&mut self, event: Event) -> Vec<Command> {
        match (self.state, event) {
            (State::Over, _) => Vec::new(),
            (_, Event::Over { cause }) => self.over(Some(cause)),
            (_, Event::Gone) => self.over(None),
            (_, Event::Dialled(dialled)) => {
                self.dialled = Some(dialled);
                Vec::new()
            }
            (_, Event::HungUp) => {
                self.was_hung_up = true;
                Vec::new()
            }
            (State::Ringing, Event::Answered(None)) if self.plan.detects => {
                self.was_answered = true;
                self.state = State::Detecting;
                vec![Command::Detect]
            }
            (State::Ringing, Event::Answered(answerer))
            | (State::Detecting, Event::Answered(answerer @ Some(_))) => {
                self.was_answered = true;
                self.answered(answerer)
            }
            (State::Detecting, Event::TimedOut) => self.answered(None),
            (State::Speaking { playback, what }, Event::Played { playback: ended, well })
                if playback == ended =>
            {
                self.said(what, well)
            }
            // It is longer than it lasts: the news of its end was missed.
            (State::Speaking { what, .. }, Event::TimedOut) => self.said(what, true),
            (State::Speaking { playback, what }, Event::Key(digit)) => match what {
                Says::Message | Says::Invitation => {
                    let mut commands = vec![Command::Stop { playback }];
                    commands.extend(self.pressed(digit));
                    commands
                }
                // Late is not never.
                Says::Goodbye if self.is_final(digit) => {
                    let mut commands = vec![Command::Stop { playback }];
                    commands.extend(self.pressed(digit));
                    commands
                }
                Says::Goodbye | Says::Answer(_) | Says::ToMachine => Vec::new(),
            },
            (State::Listening, Event::Key(digit)) => self.pressed(digit),
            (State::Listening, Event::TimedOut) => self.nothing_of_use(),
            (State::Noting { place }, Event::Noted) => vec![self.say(Says::Answer(place))],
            // It may still become durable; nothing is promised.
            (State::Noting { .. }, Event::TimedOut) => self.hang_up(),
            (State::Ringing, Event::TimedOut) => self.hang_up(),
            // Whoever picks up while we give up has heard nothing.
            (State::HangingUp, Event::Answered(_)) => {
                self.tell(Fate::Undelivered).into_iter().collect()
            }
            (State::HangingUp, Event::TimedOut) => self.over(None),
            _ => Vec::new(),
        }
    }

    fn answered(&mut self, answerer: Option<Answerer>) -> Vec<Command> {
        match answerer {
            Some(Answerer::Machine) if self.plan.has_word_for_machine => {
                vec![self.say(Says::ToMachine)]
            }
            Some(Answerer::Machine) => self.unheard(),
            Some(Answerer::Person) | None => vec![self.say(Says::Message)],
        }
    }

    /// Something was said to its end, or could not be.
    fn said(&mut self, what: Says, well: bool) -> Vec<Command> {
        match what {
            // Who has hung up has answered, as the end of the call will say.
            Says::Message | Says::ToMachine if !well && self.was_hung_up => return self.hang_up(),
            Says::Message | Says::ToMachine if !well && !self.was_told => return self.unheard(),
            _ => {}
        }
        let mut commands: Vec<Command> = self.tell(Fate::Answered).into_iter().collect();
        match what {
            Says::Message | Says::Invitation if !self.plan.keys.is_empty() => {
                self.state = State::Listening;
            }
            _ => commands.extend(self.hang_up()),
        }
        commands
    }

    fn pressed(&mut self, digit: char) -> Vec<Command> {
        let mut commands: Vec<Command> = self.tell(Fate::Answered).into_iter().collect();
        let found = self.plan.keys.iter().position(|(key, _)| *key == digit);
        let Some((place, does)) = found.map(|place| (place, self.plan.keys[place].1)) else {
            commands.extend(self.nothing_of_use());
            return commands;
        };
        match meaning(does) {
            Some(meaning) => {
                self.state = State::Noting { place };
                commands.push(Command::Reply(meaning));
            }
            None if self.again < REPEATS_MAX => {
                self.again += 1;
                commands.push(self.say(Says::Message));
            }
            None => commands.push(self.say(Says::Goodbye)),
        }
        commands
    }

    fn is_final(&self, digit: char) -> bool {
        self.plan.keys.iter().any(|(key, does)| *key == digit && meaning(*does).is_some())
    }

    /// No key, or one that does nothing.
    fn nothing_of_use(&mut self) -> Vec<Command> {
        if self.again < REPEATS_MAX {
            self.again += 1;
            return vec![self.say(Says::Invitation)];
        }
        vec![self.say(Says::Goodbye)]
    }

    fn say(&mut self, what: Says) -> Command {
        self.playbacks += 1;
        let playback = self.playbacks;
        self.state = State::Speaking { playback, what };
        Command::Play { playback, what }
    }

    /// Somebody or something picked up, and nothing reached them.
    fn unheard(&mut self) -> Vec<Command> {
        let mut commands: Vec<Command> = self.tell(Fate::Undelivered).into_iter().collect();
        commands.extend(self.hang_up());
        commands
    }

    fn hang_up(&mut self) -> Vec<Command> {
        self.state = State::HangingUp;
        vec![Command::HangUp]
    }

    /// The end. A call that is gone without a word was answered, or nothing is
    /// known of it and the receipt's deadline decides.
    fn over(&mut self, cause: Option<u16>) -> Vec<Command> {
        self.state = State::Over;
        let fate = match (self.was_answered, cause) {
            (true, _) => Some(Fate::Answered),
            (false, Some(cause)) => {
                self.ending = Some(Ending::of(self.dialled, cause));
                Some(Fate::Undelivered)
            }
            (false, None) => None,
        };
        fate.and_then(|fate| self.tell(fate)).into_iter().collect()
    }

    fn tell(&mut self, fate: Fate) -> Option<Command> {
        let is_first = !std::mem::replace(&mut self.was_told, true);
        is_first.then_some(Command::Tell(fate))
    }
}

/// What a key says; `None` of one that has the message said again.
fn meaning(does: Does) -> Option<Meaning> {
    match does {
        Does::SendLink => Some(Meaning::SendLink),
        Does::Promise => Some(Meaning::Promise(Pledge::default())),
        Does::WrongNumber => Some(Meaning::WrongNumber),
        Does::OptOut => Some(Meaning::OptOut),
        Does::Repeat => None,
    }
}

#[cfg(test)]
mod tests;
