//! Calls as people make them, and as nobody does.

use proptest::prelude::*;

use super::*;

const KEYS: [(char, Does); 4] =
    [('1', Does::SendLink), ('3', Does::Repeat), ('8', Does::WrongNumber), ('9', Does::OptOut)];

fn call() -> Call {
    Call::new(Plan { keys: KEYS.to_vec(), ..Plan::default() })
}

fn play(playback: u32, what: Says) -> Command {
    Command::Play { playback, what }
}

fn played(playback: u32) -> Event {
    Event::Played { playback, well: true }
}

/// Each event, and what comes of it.
#[track_caller]
fn check(mut call: Call, steps: &[(Event, &[Command])]) -> Call {
    for (event, expected) in steps {
        assert_eq!(call.on(*event), *expected, "{event:?}");
    }
    call
}

const ANSWERED: Command = Command::Tell(Fate::Answered);
const UNDELIVERED: Command = Command::Tell(Fate::Undelivered);

#[test]
fn a_key_that_is_pressed_early_is_answered_at_once() {
    let call = check(
        call(),
        &[
            (Event::Dialled(Dialled::Answer), &[]),
            (Event::Answered(None), &[play(1, Says::Message)]),
            (
                Event::Key('9'),
                &[Command::Stop { playback: 1 }, ANSWERED, Command::Reply(Meaning::OptOut)],
            ),
            (Event::Key('1'), &[]),
            (Event::Noted, &[play(2, Says::Answer(3))]),
            // The end of what was stopped is no end of what is said now.
            (Event::Played { playback: 1, well: false }, &[]),
            (Event::Key('1'), &[]),
            (played(2), &[Command::HangUp]),
            (Event::Over { cause: 16 }, &[]),
        ],
    );
    assert_eq!((call.wait(), call.ending()), (Wait::Over, None));
}

#[test]
fn silence_is_invited_twice_and_then_bidden_goodbye() {
    check(
        call(),
        &[
            (Event::Answered(None), &[play(1, Says::Message)]),
            (played(1), &[ANSWERED]),
            (Event::TimedOut, &[play(2, Says::Invitation)]),
            (played(2), &[]),
            (Event::Key('7'), &[play(3, Says::Invitation)]),
            (played(3), &[]),
            (Event::TimedOut, &[play(4, Says::Goodbye)]),
            (Event::Key('3'), &[]),
            (
                Event::Key('8'),
                &[Command::Stop { playback: 4 }, Command::Reply(Meaning::WrongNumber)],
            ),
            (Event::Noted, &[play(5, Says::Answer(2))]),
            (played(5), &[Command::HangUp]),
        ],
    );
}

#[test]
fn nothing_is_promised_that_is_not_on_record() {
    check(
        call(),
        &[
            (Event::Answered(None), &[play(1, Says::Message)]),
            (played(1), &[ANSWERED]),
            (Event::Key('9'), &[Command::Reply(Meaning::OptOut)]),
            (Event::TimedOut, &[Command::HangUp]),
            (Event::Noted, &[]),
            (Event::Over { cause: 16 }, &[]),
        ],
    );
}

#[test]
fn the_message_is_said_again_twice_at_most() {
    let stop = |playback| Command::Stop { playback };
    check(
        call(),
        &[
            (Event::Answered(None), &[play(1, Says::Message)]),
            (Event::Key('3'), &[stop(1), ANSWERED, play(2, Says::Message)]),
            (Event::Key('3'), &[stop(2), play(3, Says::Message)]),
            (Event::Key('3'), &[stop(3), play(4, Says::Goodbye)]),
            (played(4), &[Command::HangUp]),
            (Event::TimedOut, &[]),
        ],
    );
}

#[test]
fn a_call_without_keys_speaks_and_ends() {
    check(
        Call::new(Plan::default()),
        &[
            (Event::Answered(None), &[play(1, Says::Message)]),
            (played(1), &[ANSWERED, Command::HangUp]),
            (Event::Over { cause: 16 }, &[]),
        ],
    );
}

#[test]
fn what_could_not_be_played_did_not_arrive() {
    check(
        call(),
        &[
            (Event::Answered(None), &[play(1, Says::Message)]),
            (Event::Played { playback: 1, well: false }, &[UNDELIVERED, Command::HangUp]),
            (Event::Over { cause: 16 }, &[]),
        ],
    );
}

#[test]
fn nobody_picks_up() {
    let call = check(
        call(),
        &[(Event::Dialled(Dialled::Busy), &[]), (Event::Over { cause: 0 }, &[UNDELIVERED])],
    );
    assert_eq!(call.ending(), Some(Ending::Busy));
    // Of one that is gone nothing is known.
    check(call_gone(), &[]);
}

fn call_gone() -> Call {
    check(call(), &[(Event::Gone, &[])])
}

#[test]
fn who_hangs_up_in_the_middle_has_answered() {
    check(
        call(),
        &[
            (Event::Answered(None), &[play(1, Says::Message)]),
            (Event::HungUp, &[]),
            (Event::Played { playback: 1, well: false }, &[Command::HangUp]),
            (Event::Over { cause: 16 }, &[ANSWERED]),
        ],
    );
}

#[test]
fn a_machine_hears_no_debt() {
    let plan = Plan { keys: KEYS.to_vec(), detects: true, has_word_for_machine: false };
    let machine = Event::Answered(Some(Answerer::Machine));
    check(
        Call::new(plan.clone()),
        &[
            (Event::Answered(None), &[Command::Detect]),
            (machine, &[UNDELIVERED, Command::HangUp]),
            (Event::Over { cause: 16 }, &[]),
        ],
    );
    let plan = Plan { has_word_for_machine: true, ..plan };
    check(
        Call::new(plan.clone()),
        &[
            (Event::Answered(None), &[Command::Detect]),
            (Event::Answered(None), &[]),
            (machine, &[play(1, Says::ToMachine)]),
            (Event::Key('9'), &[]),
            (played(1), &[ANSWERED, Command::HangUp]),
        ],
    );
    check(
        Call::new(plan),
        &[
            (Event::Answered(None), &[Command::Detect]),
            (Event::TimedOut, &[play(1, Says::Message)]),
        ],
    );
}

fn any_event() -> impl Strategy<Value = Event> {
    const DIALLED: &[Dialled] =
        &[Dialled::Answer, Dialled::Busy, Dialled::NoAnswer, Dialled::Congestion];
    prop_oneof![
        2 => proptest::sample::select(DIALLED).prop_map(Event::Dialled),
        6 => proptest::sample::select(&[None, Some(Answerer::Person), Some(Answerer::Machine)][..])
            .prop_map(Event::Answered),
        6 => proptest::sample::select(&['1', '3', '7', '8', '9', '#'][..]).prop_map(Event::Key),
        9 => (1..8u32, any::<bool>())
            .prop_map(|(playback, well)| Event::Played { playback, well }),
        6 => Just(Event::Noted),
        6 => Just(Event::TimedOut),
        1 => (0..50u16).prop_map(|cause| Event::Over { cause }),
        1 => Just(Event::HungUp),
        1 => Just(Event::Gone),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_a_call_is_short_and_says_each_thing_once(
        events in proptest::collection::vec(any_event(), 0..60),
        has_keys: bool, has_word_for_machine: bool, detects: bool,
    ) {
        let keys = if has_keys { KEYS.to_vec() } else { Vec::new() };
        let mut call = Call::new(Plan { keys, has_word_for_machine, detects });
        let (mut commands, mut was_answered) = (Vec::new(), false);
        for event in events {
            // A call that is over has nobody to answer it.
            was_answered |= call.wait() != Wait::Over && matches!(event, Event::Answered(_));
            let was_over = call.wait() == Wait::Over;
            let step = call.on(event);
            prop_assert!(!was_over || step.is_empty(), "a call that is over does nothing");
            let answers = step.iter().any(|one| {
                matches!(one, Command::Play { what: Says::Answer(_), .. })
            });
            prop_assert!(!answers || event == Event::Noted, "it answers what is not on record");
            let speaks = step.iter().any(|one| matches!(one, Command::Play { .. }));
            prop_assert!(!speaks || was_answered, "it speaks to nobody");
            commands.extend(step);
        }
        // Time alone ends it: the longest is a message and all its repeats.
        let mut times = 0;
        while call.wait() != Wait::Over {
            times += 1;
            prop_assert!(times <= 16, "it does not end");
            commands.extend(call.on(Event::TimedOut));
        }
        let count = |is: fn(&Command) -> bool| commands.iter().filter(|one| is(one)).count();
        prop_assert!(count(|one| matches!(one, Command::Tell(_))) <= 1);
        prop_assert!(count(|one| matches!(one, Command::Reply(_))) <= 1);
        let said = count(|one| matches!(one, Command::Play {
            what: Says::Message | Says::Invitation, ..
        }));
        prop_assert!(said <= 1 + REPEATS_MAX as usize);
        if was_answered {
            prop_assert!(count(|one| matches!(one, Command::Tell(_))) == 1 || commands.is_empty());
        }
    }
}
