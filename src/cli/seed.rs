//! `frontdesk admin seed` (hidden): many made-up conversations, to measure lists and searches with.

use std::sync::Arc;
use std::time::Instant;

use clap::Args;

use super::out;
use super::shared::{WrongCall, server_first};
use crate::app::DataFolder;
use crate::config::Config;
use crate::store::conversations::{Channel, ConversationState};
use crate::store::inbox::seed::{Made, count_real, plant};
use crate::store::messages::Speaker;
use crate::store::{StoreError, UserId, users, workspaces};

/// Conversations of one transaction.
const AT_ONCE: u32 = 1000;
const YEAR_MS: i64 = 365 * 24 * 60 * 60 * 1000;
const HOUR_MS: i64 = 60 * 60 * 1000;
const TAGS: [&str; 6] = ["", "", "", "repair", "order", "vip"];

/// Arguments of `frontdesk admin seed`.
#[derive(Debug, Args)]
pub(super) struct SeedArgs {
    /// How many conversations
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    conversations: u32,
    /// How many messages in all of them together
    #[arg(long, value_name = "M", default_value_t = 1_000_000)]
    messages: u32,
    /// Workspace; created if it does not exist
    #[arg(long, default_value = "default")]
    workspace: String,
    /// Do it even if there are conversations of real visitors
    #[arg(long)]
    yes: bool,
}

pub(super) fn run(config: &Arc<Config>, args: &SeedArgs) -> anyhow::Result<()> {
    if args.conversations == 0 || args.messages < args.conversations {
        let told = "there must be at least one conversation, and a message for each";
        return Err(WrongCall(told.into()).into());
    }
    let folder = DataFolder::open(config).map_err(server_first)?;
    let real = folder.store.read_blocking(count_real)?;
    if real > 0 && !args.yes {
        let told = format!(
            "this data folder has {real} conversations of real visitors, and made-up ones would stand among them; name \
             another folder with --data, or add --yes"
        );
        return Err(WrongCall(told).into());
    }
    let now = jiff::Timestamp::now().as_millisecond();
    let name = args.workspace.clone();
    let (workspace, staff) = folder.store.write_blocking(|tx| {
        let workspace = workspaces::get_or_create(tx, &name, &name, now)?.id;
        let staff = users::list(tx)?.into_iter().map(|user| user.id).collect();
        Ok::<_, StoreError>((workspace, staff))
    })?;
    let mut maker = Maker::new(staff, now);
    let began = Instant::now();
    let mut done = 0;
    while done < args.conversations {
        let many = AT_ONCE.min(args.conversations - done);
        let made: Vec<Made> = (done..done + many)
            .map(|number| {
                let share = |n: u32| {
                    u64::from(args.messages) * u64::from(n) / u64::from(args.conversations)
                };
                maker.make(
                    number,
                    args.conversations,
                    share(number + 1) - share(number),
                )
            })
            .collect();
        folder
            .store
            .write_blocking(|tx| plant(tx, workspace, &made))?;
        done += many;
    }
    folder.store.checkpoint_blocking()?;
    out::line(&format!(
        "{} with {} messages are in the workspace {} now, after {} s.",
        out::plural(
            i64::from(args.conversations),
            "conversation",
            "conversations"
        ),
        args.messages,
        args.workspace,
        began.elapsed().as_secs()
    ));
    Ok(())
}

/// Makes conversations up. The same numbers give the same words.
struct Maker {
    staff: Vec<UserId>,
    now: i64,
    state: u64,
}

impl Maker {
    fn new(staff: Vec<UserId>, now: i64) -> Self {
        Self {
            staff,
            now,
            state: 0x9E37_79B9_7F4A_7C15,
        }
    }

    /// A number below `below`, by xorshift64*.
    fn next(&mut self, below: usize) -> usize {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        let number = self.state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(number).unwrap_or_default() % below.max(1)
    }

    fn pick<T: Copy>(&mut self, all: &[T], otherwise: T) -> T {
        let at = self.next(all.len());
        all.get(at).copied().unwrap_or(otherwise)
    }

    /// The `number`-th of `all` conversations, from the oldest to the newest within a year.
    fn make(&mut self, number: u32, all: u32, messages: u64) -> Made {
        let begun = self.now - YEAR_MS + YEAR_MS * i64::from(number) / i64::from(all.max(1));
        let begun = begun.min(self.now - HOUR_MS);
        let channel = match self.next(20) {
            0..=15 => Channel::Chat,
            16..=17 => Channel::Api,
            _ => Channel::Voice,
        };
        // Nobody is kept waiting: the desk would call all of them back at its start.
        let state = match self.next(10) {
            0..=6 => ConversationState::Closed,
            _ => ConversationState::Open,
        };
        let assigned_to = match self.next(3) {
            0 if !self.staff.is_empty() => {
                let at = self.next(self.staff.len());
                self.staff.get(at).copied()
            }
            _ => None,
        };
        let language = match self.next(10) {
            0..=5 => &ENGLISH,
            6..=7 => &GERMAN,
            8 => &FRENCH,
            _ => &JAPANESE,
        };
        let mut said = Vec::new();
        let mut at = begun;
        for turn in 0..messages {
            at += 20_000 + i64::try_from(self.next(100_000)).unwrap_or_default();
            let (role, text) = match turn % 2 {
                0 => (Speaker::User, self.fill(language.asks, language)),
                _ if assigned_to.is_some() && turn > 2 => {
                    (Speaker::Agent, self.fill(language.answers, language))
                }
                _ => (Speaker::Assistant, self.fill(language.answers, language)),
            };
            said.push((role, text, at.min(self.now)));
        }
        Made {
            channel,
            state,
            assigned_to,
            spam: self.next(100) == 0,
            snoozed_until: (self.next(200) == 0).then_some(self.now + YEAR_MS / 2),
            title: said
                .first()
                .map(|(_, text, _)| text.clone())
                .unwrap_or_default(),
            tag: self.pick(&TAGS, ""),
            said,
        }
    }

    /// Two or three sentences with their gaps filled.
    fn fill(&mut self, sentences: &[&str], words: &Words) -> String {
        let count = 1 + self.next(2);
        let mut text = String::new();
        for _ in 0..count {
            let (thing, day) = (self.pick(words.things, ""), self.pick(words.days, ""));
            let number = (1000 + self.next(90_000)).to_string();
            let sentence = self.pick(sentences, "");
            let filled = sentence
                .replace("{thing}", thing)
                .replace("{day}", day)
                .replace("{number}", &number);
            if !text.is_empty() && !sentence.ends_with('。') {
                text.push(' ');
            }
            text.push_str(&filled);
        }
        text
    }
}

/// Sentences of one language, with gaps for a thing, a day and a number.
struct Words {
    asks: &'static [&'static str],
    answers: &'static [&'static str],
    things: &'static [&'static str],
    days: &'static [&'static str],
}

static ENGLISH: Words = Words {
    asks: &[
        "Hello, when are you open on {day}?",
        "Can I have my {thing} repaired before {day}?",
        "My order {number} has not come yet, where is it?",
        "How much is a {thing}?",
        "I would like to return the {thing} that I bought on {day}.",
        "Do you have the {thing} in another colour?",
        "Could somebody call me back about invoice {number}?",
        "Is there a guarantee on the {thing}?",
        "Thank you, that helps.",
        "I need an appointment on {day}, in the afternoon if possible.",
    ],
    answers: &[
        "We are open on {day} from 9 to 17.",
        "A {thing} costs {number} cents.",
        "Your order {number} left our warehouse and arrives on {day}.",
        "Please bring the {thing} with its receipt.",
        "The repair of a {thing} takes about three days.",
        "I have noted an appointment for {day}.",
        "The guarantee on a {thing} is two years.",
        "I could not find that in our documents; a colleague will look.",
    ],
    things: &[
        "bicycle",
        "helmet",
        "saddle",
        "brake",
        "chain",
        "tyre",
        "lamp",
        "child seat",
        "trailer",
        "basket",
    ],
    days: &[
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
    ],
};
static GERMAN: Words = Words {
    asks: &[
        "Guten Tag, haben Sie am {day} geöffnet?",
        "Was kostet die Reparatur für {thing}?",
        "Meine Bestellung {number} ist noch nicht da.",
        "Kann ich {thing} bis {day} zurückgeben?",
        "Vielen Dank für die schnelle Antwort!",
    ],
    answers: &[
        "Am {day} sind wir von 9 bis 17 Uhr da.",
        "Die Bestellung {number} kommt am {day} an.",
        "Bitte bringen Sie den Kassenbon für {thing} mit.",
        "Das prüft eine Kollegin und meldet sich am {day}.",
    ],
    things: &[
        "das Fahrrad",
        "den Helm",
        "den Sattel",
        "die Bremse",
        "die Kette",
        "den Reifen",
    ],
    days: &[
        "Montag",
        "Dienstag",
        "Mittwoch",
        "Donnerstag",
        "Freitag",
        "Samstag",
    ],
};
static FRENCH: Words = Words {
    asks: &[
        "Bonjour, êtes-vous ouverts {day} ?",
        "Combien coûte la réparation pour {thing} ?",
        "Ma commande {number} n'est pas encore arrivée.",
    ],
    answers: &[
        "Nous sommes ouverts {day} de 9 h à 17 h.",
        "La commande {number} arrivera {day}.",
        "Merci d'apporter le ticket de caisse pour {thing}.",
    ],
    things: &["le vélo", "le casque", "la selle", "la chaîne"],
    days: &["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"],
};
static JAPANESE: Words = Words {
    asks: &[
        "{day}は何時まで営業していますか。",
        "{thing}の修理はいくらですか。",
        "注文番号{number}の配送について教えてください。",
    ],
    answers: &[
        "{day}は9時から17時まで営業しています。",
        "{thing}の修理には三日ほどかかります。",
        "ご注文{number}は{day}に届きます。",
    ],
    things: &["自転車", "ヘルメット", "サドル", "ブレーキ"],
    days: &["月曜日", "火曜日", "水曜日", "木曜日", "金曜日", "土曜日"],
};
