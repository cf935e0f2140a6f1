//! What `frontdesk worker voice` runs: three threads side by side, and one that hands the requests out.

use std::collections::HashSet;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;

use super::hear::{self, Inbox, Shelf};
use super::protocol::{Detail, Event, Request, Setup};
use super::queue::Job;
use super::say::{self, Choir};
use super::turn::{self, SmartTurn};
use crate::reason::Reason;
use crate::worker::child::{self, Command, Port};
use crate::worker::sandbox::{self, Kind};

/// The way back, and which requests are open.
#[derive(Debug, Clone, Default)]
pub(super) struct Answers {
    port: Port,
    open: Arc<Mutex<HashSet<u64>>>,
}

impl Answers {
    fn open(&self) -> MutexGuard<'_, HashSet<u64>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nobody waits for this answer any more.
    pub(super) fn unwanted(&self, id: u64) -> bool {
        self.port.is_cancelled(id)
    }

    /// A piece of an answer.
    pub(super) fn part(&self, id: u64, event: &Event) -> io::Result<()> {
        self.port.event(id, event)
    }

    /// The last piece of an answer.
    pub(super) fn last(&self, id: u64, event: &Event) -> io::Result<()> {
        self.port.event(id, event)?;
        self.end(id)
    }

    /// The answer is complete, or is not wanted.
    pub(super) fn end(&self, id: u64) -> io::Result<()> {
        self.open().remove(&id);
        self.port.end(id)
    }
}

/// Hears, tells ends of turns and speaks until the parent goes away.
///
/// # Errors
/// When the pipe to the parent breaks.
pub fn run() -> io::Result<()> {
    let setup: Setup = child::init()?;
    let answers = Answers::default();
    let held = sandbox::enter(Kind::Voice, &setup.limits);
    let (ears, turns, voices) = load(setup);
    let detail = Detail {
        held,
        hear: ears.as_ref().err().cloned(),
        turn: turns.as_ref().err().cloned(),
        say: voices.as_ref().err().cloned(),
    };
    let commands = child::listen::<Request>(&answers.port)?;
    let inbox = Arc::new(Inbox::default());
    let (to_turns, turns_asked) = mpsc::channel();
    let (to_voices, voices_asked) = mpsc::channel();
    if let Ok(shelf) = ears {
        let (inbox, answers) = (Arc::clone(&inbox), answers.clone());
        lane("hear", move || hear::run(&inbox, shelf, &answers))?;
    }
    if let Ok(model) = turns {
        let answers = answers.clone();
        lane("turn", move || turn::run(&turns_asked, &model, &answers))?;
    }
    if let Ok(choir) = voices {
        let answers = answers.clone();
        lane("say", move || say::run(&voices_asked, choir, &answers))?;
    }
    answers
        .port
        .ready(serde_json::to_string(&detail).map_err(io::Error::other)?)?;
    while let Ok(command) = commands.recv() {
        let (id, body) = match command {
            Command::Request { id, body } => (id, body),
            Command::Cancel { id } => {
                if inbox.cancel(id) {
                    answers.end(id)?;
                } else if !answers.open().contains(&id) {
                    child::forget(&answers.port, id);
                }
                continue;
            }
        };
        answers.open().insert(id);
        let missing = match body {
            Request::Hear { .. } => &detail.hear,
            Request::Turn(_) => &detail.turn,
            Request::Say(_) => &detail.say,
        };
        if let Some(reason) = missing {
            answers.last(id, &Event::Broken(reason.clone()))?;
            continue;
        }
        // A thread that has gone took the process with it, so somebody receives.
        match body {
            Request::Hear { utterance, model } => {
                for worthless in inbox.push(Job::new(id, utterance, model)) {
                    answers.end(worthless)?;
                }
            }
            Request::Turn(pcm) => drop(to_turns.send((id, pcm))),
            Request::Say(request) => drop(to_voices.send((id, request))),
        }
    }
    Ok(())
}

type Loaded = (
    Result<Shelf, Reason>,
    Result<SmartTurn, Reason>,
    Result<Choir, Reason>,
);

/// Loads everything side by side; a part that fails does not keep the others from serving.
fn load(setup: Setup) -> Loaded {
    let Setup {
        models,
        turn,
        voices,
        threads,
        ..
    } = setup;
    let died = || Reason::from("loading it ended early");
    thread::scope(|scope| {
        let ears = scope.spawn(move || Shelf::load(models, threads));
        let turns = scope.spawn(move || {
            let path = turn.ok_or("there is no model of the ends of turns")?;
            SmartTurn::load(&path)
        });
        let voices = scope.spawn(move || Choir::load(voices, threads));
        (
            ears.join().unwrap_or_else(|_| Err(died())),
            turns.join().unwrap_or_else(|_| Err(died())),
            voices.join().unwrap_or_else(|_| Err(died())),
        )
    })
}

/// Starts a thread that serves. When it ends, whatever the reason, so does the process: the parent starts
/// another one, and nobody waits for an answer that will not come.
fn lane(name: &str, work: impl FnOnce() -> io::Result<()> + Send + 'static) -> io::Result<()> {
    struct Last;
    impl Drop for Last {
        fn drop(&mut self) {
            std::process::exit(1);
        }
    }
    let body = move || {
        let _last = Last;
        // The pipe is broken: the parent has gone, and nobody is left to tell.
        let _ = work();
    };
    thread::Builder::new()
        .name(name.into())
        .spawn(body)
        .map(drop)
}
