//! Who answers a conversation: the table of its states and what leads from one to another. Pure; what a change brings with it
//! is in `turns`.

use crate::store::conversations::ConversationState;

/// What can happen to a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Somebody asks for a person: the visitor, or a rule of the assistant.
    Ask,
    /// A person takes it.
    Take,
    /// A person takes it from another person.
    TakeOver,
    /// The person gives it back to the assistant.
    Return,
    /// The person was away too long.
    Requeue,
    /// Nobody came in time, or the desk is closed.
    Expire,
    Close,
    /// The visitor writes again, or a person opens it again.
    Reopen,
}

use Act::{Ask, Close, Expire, Reopen, Requeue, Return, Take, TakeOver};
use ConversationState::{Closed, Human, Open, Waiting};

/// Every allowed change. What is not in it is refused.
pub const TABLE: [(ConversationState, Act, ConversationState); 12] = [
    (Open, Ask, Waiting),
    (Open, Take, Human),
    (Open, Expire, Open),
    (Open, Close, Closed),
    (Waiting, Take, Human),
    (Waiting, Expire, Open),
    (Waiting, Close, Closed),
    (Human, TakeOver, Human),
    (Human, Return, Open),
    (Human, Requeue, Waiting),
    (Human, Close, Closed),
    (Closed, Reopen, Open),
];

impl Act {
    /// The state that the act leads to; `None` where it is not allowed.
    pub fn from(self, state: ConversationState) -> Option<ConversationState> {
        let row = TABLE
            .iter()
            .find(|(from, act, _)| (*from, *act) == (state, self));
        row.map(|(_, _, to)| *to)
    }

    /// The kind of its event in the log.
    pub fn event(self) -> &'static str {
        match self {
            Ask => "conversation_waiting",
            Take | TakeOver => "conversation_taken",
            Return => "conversation_returned",
            Requeue => "conversation_requeued",
            Expire => "conversation_expired",
            Close => "conversation_closed",
            Reopen => "conversation_reopened",
        }
    }
}

/// Whether the assistant may answer.
pub fn assistant_answers(state: ConversationState) -> bool {
    state == Open
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A test for each pair of state and act; `-` where it is refused.
    macro_rules! rows {
        ($($name:ident: $from:ident $act:ident $to:tt;)+) => {
            $(#[test] fn $name() { assert_eq!($act.from($from), rows!(@ $to)); })+
            const TESTED: &[(ConversationState, Act)] = &[$(($from, $act)),+];
        };
        (@ -) => { None };
        (@ $to:ident) => { Some($to) };
    }

    rows! {
        open_ask: Open Ask Waiting;
        open_take: Open Take Human;
        open_take_over: Open TakeOver -;
        open_return: Open Return -;
        open_requeue: Open Requeue -;
        open_expire_when_the_desk_is_closed: Open Expire Open;
        open_close: Open Close Closed;
        open_reopen: Open Reopen -;
        waiting_ask_again: Waiting Ask -;
        waiting_take: Waiting Take Human;
        waiting_take_over: Waiting TakeOver -;
        waiting_return: Waiting Return -;
        waiting_requeue: Waiting Requeue -;
        waiting_expire: Waiting Expire Open;
        waiting_close: Waiting Close Closed;
        waiting_reopen: Waiting Reopen -;
        human_ask_again: Human Ask -;
        human_take: Human Take -;
        human_take_over: Human TakeOver Human;
        human_return: Human Return Open;
        human_requeue: Human Requeue Waiting;
        human_expire: Human Expire -;
        human_close: Human Close Closed;
        human_reopen: Human Reopen -;
        closed_ask: Closed Ask -;
        closed_take: Closed Take -;
        closed_take_over: Closed TakeOver -;
        closed_return: Closed Return -;
        closed_requeue: Closed Requeue -;
        closed_expire: Closed Expire -;
        closed_close_again: Closed Close -;
        closed_reopen: Closed Reopen Open;
    }

    #[test]
    fn every_pair_has_its_test() {
        let acts = [Ask, Take, TakeOver, Return, Requeue, Expire, Close, Reopen];
        let mut missing = Vec::new();
        for state in ConversationState::ALL {
            for act in acts {
                if !TESTED.contains(&(*state, act)) {
                    missing.push((*state, act));
                }
            }
        }
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn the_assistant_answers_in_one_state_only() {
        let answers = |state: &&ConversationState| assistant_answers(**state);
        let found: Vec<_> = ConversationState::ALL.iter().filter(answers).collect();
        assert_eq!(found, [&Open]);
    }
}
